import { Readable } from "node:stream";
import {
  type BatchRecord,
  type BatchSteps,
  batchCopyRef,
  batchPartRef,
  type ObjectRef,
  type ObjectStore,
} from "@facefleet/platform";

const contentType = "application/x-ndjson";

/** Moves the lines of items that have ended from Redis into the object store, part by part. */
export class BatchResults {
  constructor(
    private readonly store: ObjectStore,
    private readonly steps: Pick<BatchSteps, "isPartComplete" | "lines" | "partStored">,
  ) {}

  /** Stores the next part, if all its items have ended. Returns whether it did. To do it again does no harm. */
  async storeNext(record: BatchRecord): Promise<boolean> {
    if (!(await this.steps.isPartComplete(record))) return false;
    const part = batchPartRef(this.store, record.id, record.stored);
    await this.#write(record, part);
    const copy = copyRef(record);
    if (copy) await this.#write(record, copy);
    if (!(await this.steps.partStored(record))) await this.store.delete(part);
    return true;
  }

  async #write(record: BatchRecord, ref: ObjectRef): Promise<void> {
    const lines = Readable.from(bytesOf(this.steps.lines(record)), { objectMode: false });
    await this.store.put(ref, lines, { contentType, maxBytes: Number.MAX_SAFE_INTEGER });
  }
}

/** Where the owner wants a copy. A batch that has failed, perhaps because it cannot be written, makes no more. */
function copyRef({ id, plan, stored, stopping }: BatchRecord): ObjectRef | undefined {
  return plan.output && stopping !== "failed" ? batchCopyRef(plan.output.s3, id, stored) : undefined;
}

async function* bytesOf(lines: AsyncIterable<string>): AsyncGenerator<Buffer> {
  for await (const line of lines) yield Buffer.from(line);
}
