import { once } from "node:events";
import type { FacefleetClient } from "@facefleet/client";
import { startBatchProgress } from "../submit/batch-progress.js";
import { type BatchOutcome, type PrefixBatch, submitPrefix } from "../submit/batch-submission.js";

/** Prints one line of JSON for each item, as the service tells it. */
export async function submitBatch(client: FacefleetClient, request: PrefixBatch): Promise<BatchOutcome> {
  const progress = startBatchProgress();
  try {
    return await submitPrefix(client, request, {
      onStart: ({ links }) => void process.stderr.write(`${links.self} goes on if this is stopped\n`),
      onProgress: (batch) => progress.update(batch),
      async onLine(line) {
        progress.stop();
        // A slow reader slows the stream, instead of having it pile up here.
        if (!process.stdout.write(`${JSON.stringify(line)}\n`)) await once(process.stdout, "drain");
      },
    });
  } finally {
    progress.stop();
  }
}
