import { Readable } from "node:stream";
import {
  assertWritable,
  type BatchRecord,
  type BatchSteps,
  batchCopyRef,
  isStored,
  type ObjectRef,
  type ObjectStore,
  type OwnObjects,
  type StoredResults,
  type StoredText,
} from "@facefleet/platform";

const options = { contentType: "application/x-ndjson", maxBytes: Number.MAX_SAFE_INTEGER };

const lineBreak = Buffer.from("\n");

export interface BatchResultsParts {
  readonly store: ObjectStore;
  readonly own: OwnObjects;
  readonly steps: Pick<BatchSteps, "isPartComplete" | "lines" | "partStored">;
  readonly results: Pick<StoredResults, "bytes">;
}

/** Puts the lines of items that have ended, wherever each is, together in the object store, part by part. */
export class BatchResults {
  constructor(private readonly parts: BatchResultsParts) {}

  /** Stores the next part, if all its items have ended. Returns whether it did. To do it again does no harm. */
  async storeNext(record: BatchRecord): Promise<boolean> {
    const { own, steps } = this.parts;
    if (!(await steps.isPartComplete(record))) return false;
    const part = own.batchPart(record.id, record.stored);
    const lines: StoredText[] = [];
    const { size: bytes } = await part.put(this.#lines(record, lines), options);
    const copy = copyRef(record);
    if (copy) await this.#writeCopy(record, copy);
    if (!(await steps.partStored(record, { bytes, lines }))) await part.delete();
    return true;
  }

  /** Checked once more, since what leads to the service's own is known better in a later version. */
  async #writeCopy(record: BatchRecord, ref: ObjectRef): Promise<void> {
    const { store } = this.parts;
    const { allowedBuckets } = record.plan;
    assertWritable(store, ref, allowedBuckets && new Set(allowedBuckets));
    await store.put(ref, this.#lines(record, []), options);
  }

  /** @param objects gets the lines that are objects of their own */
  #lines(record: BatchRecord, objects: StoredText[]): Readable {
    return Readable.from(this.#bytes(record, objects), { objectMode: false });
  }

  async *#bytes(record: BatchRecord, objects: StoredText[]): AsyncGenerator<Buffer, void> {
    for await (const line of this.parts.steps.lines(record)) {
      if (isStored(line)) objects.push(line);
      yield* this.parts.results.bytes(line);
      yield lineBreak;
    }
  }
}

/** Where the owner wants a copy. A batch that has failed, perhaps because it cannot be written, makes no more. */
function copyRef({ id, plan, stored, stopping }: BatchRecord): ObjectRef | undefined {
  return plan.output && stopping !== "failed" ? batchCopyRef(plan.output.s3, id, stored) : undefined;
}
