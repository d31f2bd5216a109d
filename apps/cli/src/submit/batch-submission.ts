import type { Batch, BatchLine, BatchRequest, FacefleetClient } from "@facefleet/client";

export type PrefixBatch = Extract<BatchRequest, { readonly prefix: object }>;

/** How many items there were, and how many did not succeed. */
export interface BatchOutcome {
  readonly items: number;
  readonly failed: number;
}

export interface BatchListeners {
  onStart(batch: Batch): void;
  onProgress(batch: Batch): void;
  /** Called with one line after the other: the next one is read once this one is dealt with. */
  onLine(line: BatchLine): Promise<void> | void;
}

/**
 * Has everything below a prefix analysed, waits for the end, and hands over the results.
 * @throws Error when the items could not be read, or there are none
 */
export async function submitPrefix(
  client: FacefleetClient,
  request: PrefixBatch,
  listeners: BatchListeners,
): Promise<BatchOutcome> {
  const submitted = await client.submitBatch(request);
  listeners.onStart(submitted);
  const batch = await client.waitForBatch(submitted, { onProgress: listeners.onProgress });
  if (batch.state === "failed") throw unreadable(request, batch);
  const outcome = { items: 0, failed: 0 };
  for await (const line of client.batchResults(batch)) {
    outcome.items++;
    if (line.state !== "succeeded") outcome.failed++;
    await listeners.onLine(line);
  }
  if (outcome.items === 0) throw new Error(`Expected images below ${placeOf(request)} but found none`);
  return outcome;
}

/** "s3://bucket/prefix/" as the source of a batch. @throws Error for anything else */
export function prefixSource(names: readonly string[]): PrefixBatch["prefix"] {
  const [, bucket, prefix] = /^s3:\/\/([^/]+)\/((?:.*\/)?)$/.exec(names[0] ?? "") ?? [];
  if (names.length === 1 && bucket && prefix !== undefined) return { s3: { bucket, prefix } };
  throw new Error(`Expected one s3://bucket/prefix/ for --batch, with a / at its end, but received ${names.join(" ")}`);
}

function unreadable(request: PrefixBatch, { error }: Batch): Error {
  return new Error(`Expected images below ${placeOf(request)} but received ${error?.detail ?? error?.title}`);
}

function placeOf({ prefix: { s3 } }: PrefixBatch): string {
  return `s3://${s3.bucket}/${s3.prefix}`;
}
