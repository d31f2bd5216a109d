import {
  type Batches,
  type BatchRecord,
  batchPartRef,
  itemsWithLines,
  type ObjectStore,
  partSize,
} from "@facefleet/platform";

const linesAtOnce = 16;
const chunkBytes = 1_048_576;

/**
 * The lines of a batch's items that have ended, in the order of the items, as NDJSON. Parts that are complete are in
 * the object store, the others in Redis; nothing is held in memory but a piece of one.
 */
export async function* batchResults(
  { batches, store }: { readonly batches: Batches; readonly store: ObjectStore },
  record: BatchRecord,
): AsyncGenerator<Buffer, void> {
  const { id, plan } = record;
  for (let part = 0; part * partSize < record.expanded; part += 1) {
    const latest = await batches.record(plan.tenant, id);
    if (!latest) throw new Error("Expected a batch that is still there but it has expired or was erased");
    yield* part < latest.stored ? storedPart(store, id, part) : partOfRedis(batches, id, part);
  }
  if (record.finishedAt === undefined) return;
  for (let index = itemsWithLines(record); index < record.total; index += 1) {
    yield Buffer.from(`${JSON.stringify({ index, state: "canceled" })}\n`);
  }
}

async function* storedPart(store: ObjectStore, id: string, part: number): AsyncGenerator<Buffer, void> {
  const ref = batchPartRef(store, id, part);
  for (let offset = 0; ; offset += chunkBytes) {
    const { bytes } = await store.getPart(ref, { offset, length: chunkBytes });
    if (bytes.length > 0) yield bytes;
    if (bytes.length < chunkBytes) return;
  }
}

async function* partOfRedis(batches: Batches, id: string, part: number): AsyncGenerator<Buffer, void> {
  for (let first = part * partSize; first < (part + 1) * partSize; first += linesAtOnce) {
    const indexes = Array.from({ length: linesAtOnce }, (_, offset) => first + offset);
    const lines = await batches.lines(id, part, indexes);
    if (lines.length > 0) yield Buffer.from(`${lines.join("\n")}\n`);
  }
}
