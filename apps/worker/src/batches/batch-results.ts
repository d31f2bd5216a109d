import { Readable } from "node:stream";
import { ProblemError } from "@facefleet/contracts";
import {
  assertWritable,
  type BatchRecord,
  type BatchSteps,
  batchCopyRef,
  isStored,
  LineReader,
  type ObjectRef,
  type ObjectStore,
  type OwnObjects,
  partsOf,
  type StoredPart,
  type StoredResults,
  type StoredText,
} from "@facefleet/platform";

const options = { contentType: "application/x-ndjson", maxBytes: Number.MAX_SAFE_INTEGER };

const lineBreak = Buffer.from("\n");

export interface BatchResultsParts {
  readonly store: ObjectStore;
  readonly own: OwnObjects;
  readonly steps: Pick<
    BatchSteps,
    "isPartComplete" | "lines" | "partStored" | "itemsAgain" | "storedPart" | "skipParts"
  >;
  readonly results: Pick<StoredResults, "bytes" | "put" | "discard">;
}

/** Puts the lines of items that have ended, wherever each is, together in the object store, part by part. */
export class BatchResults {
  constructor(private readonly parts: BatchResultsParts) {}

  /** Stores the next part, if all its items have ended. Returns whether it did. To do it again does no harm. */
  async storeNext(record: BatchRecord): Promise<boolean> {
    const { steps } = this.parts;
    if (record.round > 0 && (await this.#skipUnchanged(record))) return true;
    if (!(await steps.isPartComplete(record))) return false;
    const copy = copyRef(record);
    if (copy) await this.#writeCopy(record, copy);
    const { put, discard } = record.round === 0 ? await this.#putFirst(record) : await this.#putAgain(record);
    if (!(await steps.partStored(record, put))) await discard();
    return true;
  }

  /** The bytes of a part that is stored; nothing of one that somebody has deleted, whose batch is to end all the same. */
  async *before(id: string, part: number): AsyncGenerator<Buffer, void> {
    const stored = await this.parts.steps.storedPart(id, part);
    try {
      yield* this.#bytesOf(id, part, stored);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== "image_not_found") throw error;
    }
  }

  /** Parts of which no item is tried again stay what they are. */
  async #skipUnchanged(record: BatchRecord): Promise<boolean> {
    const { steps } = this.parts;
    const next = (await steps.itemsAgain(record.id)).nextPart(record.stored) ?? partsOf(record);
    if (next <= record.stored) return false;
    await steps.skipParts(record, next);
    return true;
  }

  async #putFirst(record: BatchRecord) {
    const part = this.parts.own.batchPart(record.id, record.stored);
    const lines: StoredText[] = [];
    const { size: bytes } = await part.put(this.#lines(record, lines), options);
    return { put: { bytes, lines }, discard: () => part.delete() };
  }

  /** Under a name that nothing had: what the part was is still being read. */
  async #putAgain(record: BatchRecord) {
    const { results } = this.parts;
    const lines: StoredText[] = [];
    const object = await results.put(this.#lines(record, lines), options);
    return { put: { bytes: object.bytes, lines, object }, discard: () => results.discard(object) };
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
    const before = record.round > 0 ? new LineReader(this.before(record.id, record.stored)) : undefined;
    for await (const line of this.parts.steps.lines(record)) {
      if (line === undefined) {
        yield* before!.line();
        continue;
      }
      await before?.skip();
      if (isStored(line)) objects.push(line);
      yield* this.parts.results.bytes(line);
      yield lineBreak;
    }
  }

  #bytesOf(id: string, part: number, stored: StoredPart): AsyncIterable<Buffer> {
    const { own, results } = this.parts;
    return stored === "as first stored" ? own.batchPart(id, part).pieces() : results.bytes(stored);
  }
}

/** Where the owner wants a copy. A batch that has failed, perhaps because it cannot be written, makes no more. */
function copyRef({ id, plan, stored, stopping }: BatchRecord): ObjectRef | undefined {
  return plan.output && stopping !== "failed" ? batchCopyRef(plan.output.s3, id, stored) : undefined;
}
