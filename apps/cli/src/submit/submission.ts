import type { FacefleetClient } from "@facefleet/client";
import type { Job, MultipartJob } from "@facefleet/contracts";
import { imageOf } from "./submit-image.js";
import type { SubmitInput } from "./submit-input.js";

/** How an input ended: with its job, or with the reason why there is none. */
export interface Submission {
  readonly input: SubmitInput;
  readonly job?: Job;
  readonly error?: Error;
}

/** Sends every input, at most `concurrency` at once. One that fails does not stop the others. */
export async function submitAll(
  inputs: readonly SubmitInput[],
  options: {
    readonly client: FacefleetClient;
    readonly request: MultipartJob;
    readonly concurrency: number;
    readonly onEnd: (submission: Submission) => Promise<void> | void;
  },
): Promise<Submission[]> {
  const ended: Submission[] = new Array(inputs.length);
  const waiting = inputs.entries();
  const sender = async () => {
    for (const [index, input] of waiting) {
      const submission = await submitOne(input, options.client, options.request);
      ended[index] = submission;
      await options.onEnd(submission);
    }
  };
  await Promise.all(Array.from({ length: options.concurrency }, sender));
  return ended;
}

async function submitOne(input: SubmitInput, client: FacefleetClient, request: MultipartJob): Promise<Submission> {
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
