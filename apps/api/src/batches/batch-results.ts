import {
  type Batches,
  type BatchRecord,
  isStored,
  itemsWithLines,
  type KeptText,
  LineReader,
  type OwnObjects,
  type PartLines,
  partSize,
  type StoredPart,
} from "@facefleet/platform";

/** Where results are while their batch goes on, and where they are in the end. */
interface ResultPlaces {
  readonly batches: Pick<Batches, "lines" | "lineBytes">;
  readonly own: OwnObjects;
}

/** Divides a part. */
const linesAtOnce = 16;

/**
 * The lines of a batch's items that have ended, in the order of the items, as NDJSON. Parts that are complete are in
 * the object store, the others in Redis; nothing is held in memory but a piece of one.
 */
export async function* batchResults(places: ResultPlaces, record: BatchRecord): AsyncGenerator<Buffer, void> {
  const items = record.round === 0 ? record.expanded : record.total;
  for (let part = 0; part * partSize < items; part += 1) yield* new PartReader(places, record.id, part).lines();
  if (record.finishedAt === undefined) return;
  for (let index = itemsWithLines(record); index < record.total; index += 1) {
    yield Buffer.from(`${JSON.stringify({ index, state: "canceled" })}\n`);
  }
}

class PartReader {
  /** The part as it was before some of its items were tried again. */
  #before: { readonly name: string; readonly reader: LineReader } | undefined;

  constructor(
    private readonly places: ResultPlaces,
    private readonly id: string,
    private readonly part: number,
  ) {}

  /** Whoever reads slowly may see the part move into the object store: it is then read on from there. */
  async *lines(): AsyncGenerator<Buffer, void> {
    for (let read = 0; read < partSize; read += linesAtOnce) {
      const indexes = Array.from({ length: linesAtOnce }, (_, offset) => this.part * partSize + read + offset);
      const found = await this.places.batches.lines(this.id, this.part, indexes);
      if ("stored" in found) return yield* (await this.#readerAfter(read, found.stored)).rest();
      if (found.before) yield* this.#merged(read, found.lines, found.before);
      else yield* this.#bytesOf(found.lines.filter((line) => line !== undefined));
    }
  }

  /** Lines as they were, but for those of items that are tried again: these have one once they have ended. */
  async *#merged(
    read: number,
    lines: readonly (KeptText | undefined)[],
    { stored, isAgain }: NonNullable<Extract<PartLines, { lines: unknown }>["before"]>,
  ): AsyncGenerator<Buffer, void> {
    const name = nameOf(stored);
    if (this.#before?.name !== name) this.#before = { name, reader: await this.#readerAfter(read, stored) };
    const { reader } = this.#before;
    for (const [place, line] of lines.entries()) {
      if (!isAgain[place]) {
        yield* reader.line();
        continue;
      }
      await reader.skip();
      if (line !== undefined) yield* this.#bytesOf([line]);
    }
  }

  /** Short lines together, and each long one piece by piece. */
  async *#bytesOf(lines: readonly KeptText[]): AsyncGenerator<Buffer, void> {
    let short = "";
    for (const line of lines) {
      if (!isStored(line)) {
        short += `${line}\n`;
        continue;
      }
      if (short !== "") yield Buffer.from(short);
      yield* this.places.batches.lineBytes(line);
      short = "\n";
    }
    if (short !== "") yield Buffer.from(short);
  }

  /** What comes after the first lines of the part, where it is stored. */
  async #readerAfter(lines: number, stored: StoredPart): Promise<LineReader> {
    const { own, batches } = this.places;
    const isFirst = stored === "as first stored";
    const reader = new LineReader(isFirst ? own.batchPart(this.id, this.part).pieces() : batches.lineBytes(stored));
    await reader.skip(lines);
    return reader;
  }
}

function nameOf(stored: StoredPart): string {
  return typeof stored === "string" ? stored : stored.id;
}
