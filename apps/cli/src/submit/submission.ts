import type { AnalysisSubmission, FacefleetClient, Job } from "@facefleet/client";
import { imageOf } from "./submit-image.js";
import type { SubmitInput } from "./submit-input.js";

/** How an input ended: with its job, or with the reason why there is none. */
export interface Submission {
  readonly input: SubmitInput;
  readonly job?: Job;
  readonly error?: Error;
  /** Where the copy is that the faces were drawn on. */
  readonly drawing?: string | undefined;
}

/** What is asked of each image. */
export type SubmitRequest = Omit<AnalysisSubmission, "image">;

/** Sends every input, at most `concurrency` at once. One that fails does not stop the others. */
export async function submitAll(
  inputs: readonly SubmitInput[],
  options: {
    readonly client: FacefleetClient;
    readonly request: SubmitRequest;
    readonly concurrency: number;
    /** Draws on an image that succeeded, and says where. */
    readonly draw?: (submission: Submission) => Promise<string | undefined> | undefined;
    readonly onEnd: (submission: Submission) => void;
  },
): Promise<Submission[]> {
  const ended: Submission[] = new Array(inputs.length);
  const waiting = inputs.entries();
  const sender = async () => {
    for (const [index, input] of waiting) {
      const submitted = await submitOne(input, options.client, options.request);
      const drawing = hasFailed(submitted) ? undefined : await options.draw?.(submitted);
      const submission = { ...submitted, ...(drawing !== undefined && { drawing }) };
      ended[index] = submission;
      options.onEnd(submission);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, sender));
  return ended;
}

async function submitOne(input: SubmitInput, client: FacefleetClient, request: SubmitRequest): Promise<Submission> {
  if (input.kind === "fault") return { input, error: new Error(input.fault) };
  try {
    const job = await client.submit({ ...request, image: await imageOf(input) });
    return { input, job: await client.wait(job) };
  } catch (error) {
    return { input, error: error as Error };
  }
}

export function hasFailed({ job }: Submission): boolean {
  return job?.state !== "succeeded";
}
