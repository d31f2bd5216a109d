import { FacefleetError } from "./facefleet-error.js";

/** Reads a JSON answer. Its form is the service's promise: it is not checked here. */
export async function readJson<T>(response: Response): Promise<T> {
  const text = await response.text();
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    const { status } = response;
    throw new FacefleetError("unexpected_answer", "Expected JSON but received something else", { status, cause });
  }
}

/** Reads an answer that has nothing to say to its end, so that its connection can be used again. */
export async function readNothing(response: Response): Promise<void> {
  await response.arrayBuffer();
}

/** Hands over an answer that is too long to be held. */
export async function readStream({ body, status }: Response): Promise<ReadableStream<Uint8Array>> {
  if (body) return body;
  throw new FacefleetError("unexpected_answer", "Expected an answer with a body but received none", { status });
}
