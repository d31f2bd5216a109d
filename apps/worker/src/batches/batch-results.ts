import { Readable } from "node:stream";
import {
  type BatchRecord,
  type BatchSteps,
  batchCopyRef,
  batchPartRef,
  isStored,
  type ObjectRef,
  type ObjectStore,
  type StoredResults,
  type StoredText,
} from "@facefleet/platform";

const contentType = "application/x-ndjson";

const lineBreak = Buffer.from("\n");

/** Puts the lines of items that have ended, wherever each is, together in the object store, part by part. */
export class BatchResults {
  constructor(
    private readonly store: ObjectStore,
    private readonly steps: Pick<BatchSteps, "isPartComplete" | "lines" | "partStored">,
    private readonly results: Pick<StoredResults, "bytes">,
  ) {}

  /** Stores the next part, if all its items have ended. Returns whether it did. To do it again does no harm. */
  async storeNext(record: BatchRecord): Promise<boolean> {
    if (!(await this.steps.isPartComplete(record))) return false;
    const part = batchPartRef(this.store, record.id, record.stored);
    const objects = await this.#write(record, part);
    const copy = copyRef(record);
    if (copy) await this.#write(record, copy);
    if (!(await this.steps.partStored(record, objects))) await this.store.delete(part);
    return true;
  }

  /** Returns the lines that were objects of their own. */
  async #write(record: BatchRecord, ref: ObjectRef): Promise<StoredText[]> {
    const objects: StoredText[] = [];
    const lines = Readable.from(this.#bytes(record, objects), { objectMode: false });
    await this.store.put(ref, lines, { contentType, maxBytes: Number.MAX_SAFE_INTEGER });
    return objects;
  }

  async *#bytes(record: BatchRecord, objects: StoredText[]): AsyncGenerator<Buffer, void> {
    for await (const line of this.steps.lines(record)) {
      if (isStored(line)) objects.push(line);
      yield* this.results.bytes(line);
      yield lineBreak;
    }
  }
}

/** Where the owner wants a copy. A batch that has failed, perhaps because it cannot be written, makes no more. */
function copyRef({ id, plan, stored, stopping }: BatchRecord): ObjectRef | undefined {
  return plan.output && stopping !== "failed" ? batchCopyRef(plan.output.s3, id, stored) : undefined;
}
