import { FacefleetError } from "./facefleet-error.js";

/**
 * The chunks of an answer's body. As `for await (const chunk of stream)`, which not every browser knows.
 * @throws FacefleetError `unreachable` when the connection is lost before the end, or the signal's reason
 */
export async function* streamChunks(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = stream.getReader();
  try {
    for (let chunk = await next(reader, signal); !chunk.done; chunk = await next(reader, signal)) yield chunk.value;
  } finally {
    // A stream that has failed refuses: its failure is thrown already.
    await reader.cancel().catch(() => undefined);
  }
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>, signal: AbortSignal | undefined) {
  try {
    return await reader.read();
  } catch (cause) {
    signal?.throwIfAborted();
    const message = "Expected more of the answer but the connection was lost";
    throw new FacefleetError("unreachable", message, { retryable: true, cause });
  }
}
