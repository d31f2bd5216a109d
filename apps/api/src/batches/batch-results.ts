import {
  type Batches,
  type BatchRecord,
  isStored,
  itemsWithLines,
  type KeptText,
  type OwnObject,
  type OwnObjects,
  partSize,
} from "@facefleet/platform";

/** Where results are while their batch goes on, and where they are in the end. */
interface ResultPlaces {
  readonly batches: Pick<Batches, "lines" | "lineBytes">;
  readonly own: OwnObjects;
}

/** Divides a part. */
const linesAtOnce = 16;
const chunkBytes = 1_048_576;
const lineBreak = 0x0a;

/**
 * The lines of a batch's items that have ended, in the order of the items, as NDJSON. Parts that are complete are in
 * the object store, the others in Redis; nothing is held in memory but a piece of one.
 */
export async function* batchResults(places: ResultPlaces, record: BatchRecord): AsyncGenerator<Buffer, void> {
  for (let part = 0; part * partSize < record.expanded; part += 1) yield* partOf(places, record.id, part);
  if (record.finishedAt === undefined) return;
  for (let index = itemsWithLines(record); index < record.total; index += 1) {
    yield Buffer.from(`${JSON.stringify({ index, state: "canceled" })}\n`);
  }
}

/** Whoever reads slowly may see a part move into the object store: it is then read on from there. */
async function* partOf({ batches, own }: ResultPlaces, id: string, part: number): AsyncGenerator<Buffer, void> {
  for (let read = 0; read < partSize; read += linesAtOnce) {
    const indexes = Array.from({ length: linesAtOnce }, (_, offset) => part * partSize + read + offset);
    const lines = await batches.lines(id, part, indexes);
    if (!lines) return yield* afterLines(storedPart(own.batchPart(id, part)), read);
    yield* bytesOf(batches, lines);
  }
}

/** Short lines together, and each long one piece by piece. */
async function* bytesOf(batches: Pick<Batches, "lineBytes">, lines: readonly KeptText[]): AsyncGenerator<Buffer, void> {
  let short = "";
  for (const line of lines) {
    if (!isStored(line)) {
      short += `${line}\n`;
      continue;
    }
    if (short !== "") yield Buffer.from(short);
    yield* batches.lineBytes(line);
    short = "\n";
  }
  if (short !== "") yield Buffer.from(short);
}

async function* storedPart(part: OwnObject): AsyncGenerator<Buffer, void> {
  for (let offset = 0; ; offset += chunkBytes) {
    const { bytes } = await part.getPart({ offset, length: chunkBytes });
    if (bytes.length > 0) yield bytes;
    if (bytes.length < chunkBytes) return;
  }
}

/** What comes after the first lines. */
async function* afterLines(chunks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer, void> {
  let left = count;
  for await (const chunk of chunks) {
    let start = 0;
    for (; left > 0 && start < chunk.length; left -= 1) {
      const end = chunk.indexOf(lineBreak, start);
      if (end === -1) break;
      start = end + 1;
    }
    if (left === 0 && start < chunk.length) yield chunk.subarray(start);
  }
}
