import type { Batch, BatchLine, BatchRequest, FacefleetClient } from "@facefleet/client";

export type PrefixBatch = Extract<BatchRequest, { readonly prefix: object }>;

export interface BatchListeners {
  onStart(batch: Batch): void;
  onProgress(batch: Batch): void;
  /** Called with one line after the other: the next one is read once this one is dealt with. */
  onLine(line: BatchLine): Promise<void> | void;
}

/**
 * Has everything below a prefix analysed, waits for the end, and hands over the results.
 * @returns how many items did not succeed
 * @throws Error when the items could not be read
 */
export async function submitPrefix(
  client: FacefleetClient,
  request: PrefixBatch,
  listeners: BatchListeners,
): Promise<number> {
  const submitted = await client.submitBatch(request);
  listeners.onStart(submitted);
  const batch = await client.waitForBatch(submitted, { onProgress: listeners.onProgress });
  if (batch.state === "failed") throw unreadable(request, batch);
  let failures = 0;
  for await (const line of client.batchResults(batch)) {
    if (line.state !== "succeeded") failures++;
    await listeners.onLine(line);
  }
  return failures;
}

/** "s3://bucket/prefix/" as the source of a batch. @throws Error for anything else */
export function prefixSource(names: readonly string[]): PrefixBatch["prefix"] {
  const [, bucket, prefix] = /^s3:\/\/([^/]+)\/((?:.*\/)?)$/.exec(names[0] ?? "") ?? [];
  if (names.length === 1 && bucket && prefix !== undefined) return { s3: { bucket, prefix } };
  throw new Error(`Expected one s3://bucket/prefix/ for --batch, with a / at its end, but received ${names.join(" ")}`);
}

function unreadable({ prefix }: PrefixBatch, { error }: Batch): Error {
  const { bucket, prefix: below } = prefix.s3;
  return new Error(`Expected images below s3://${bucket}/${below} but received ${error?.detail ?? error?.title}`);
}
