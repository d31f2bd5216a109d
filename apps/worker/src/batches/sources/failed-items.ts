import { type BatchLine, ProblemError } from "@facefleet/contracts";
import {
  type BatchRecord,
  type BatchSteps,
  type ChunkItem,
  LineReader,
  partOf,
  partSize,
  uploadsOf,
} from "@facefleet/platform";
import type { BatchResults } from "../batch-results.js";
import type { BatchSource } from "./batch-source.js";
import { chunkItem } from "./source-page.js";

export interface FailedItemsParts {
  readonly steps: Pick<BatchSteps, "itemsAgain">;
  readonly results: Pick<BatchResults, "before">;
  readonly source: Pick<BatchSource, "checked">;
}

/** Failed items of a batch that are tried again. */
export interface FailedItemsPage {
  /** Those that cannot be keep the line that they have. */
  readonly items: readonly ChunkItem[];
  /** How far among the batch's items the next page starts. */
  readonly expanded: number;
  /** The tenant's own among the uploads that they name which the batch holds no more, once for each item. */
  readonly uploads: readonly string[];
}

/** Reads what failed items of a batch were from the lines of its results: their source may be another by now. */
export class FailedItems {
  constructor(private readonly parts: FailedItemsParts) {}

  /** From the record's place on, at most `limit`. Nothing more is tried again of a batch that is being stopped. */
  async read(record: BatchRecord, limit: number): Promise<FailedItemsPage> {
    const indexes = (await this.parts.steps.itemsAgain(record.id)).next(record.expanded, limit);
    const last = indexes.at(-1);
    if (last === undefined) return { items: [], expanded: record.total, uploads: [] };
    const part = partOf(last);
    const places = indexes.map((index) => index - part * partSize);
    const lines = await linesAt(this.parts.results.before(record.id, part), places);
    const found = indexes.map((index, place) => lines[place] ?? lostLine(index));
    const isOver = (line: BatchLine) => record.stopping !== undefined || line.image === undefined;
    const { items, uploads } = await this.#checked(
      record,
      found.filter((line) => !isOver(line)),
    );
    const kept = found.filter(isOver).map(({ state, result, ...line }) => ({ ...line, error: line.error! }));
    return { items: [...items, ...kept], expanded: last + 1, uploads };
  }

  async #checked(record: BatchRecord, lines: readonly BatchLine[]) {
    const asked = lines.map(({ id, image, metadata }) => ({
      image: image!,
      ...(id !== undefined && { id }),
      ...(metadata && { metadata }),
    }));
    const { items: checked, uploads: own } = await this.parts.source.checked(record, asked);
    const items = checked.map((item, place) => chunkItem(item, lines[place]!.index));
    // Those of a failure that may pass the batch has kept.
    const released = lines.flatMap(({ image, error }) => (error?.retryable ? [] : uploadsOf({ images: [image!] })));
    const ownUploads = new Set(own);
    return { items, uploads: released.filter((upload) => ownUploads.has(upload)) };
  }
}

/** The lines at some places, in growing order; undefined where there is none. */
async function linesAt(chunks: AsyncIterable<Buffer>, places: readonly number[]): Promise<(BatchLine | undefined)[]> {
  const reader = new LineReader(chunks);
  const lines: (BatchLine | undefined)[] = [];
  let at = 0;
  for (const place of places) {
    await reader.skip(place - at);
    at = place + 1;
    const pieces: Buffer[] = [];
    for await (const piece of reader.line()) pieces.push(piece);
    lines.push(pieces.length === 0 ? undefined : (JSON.parse(Buffer.concat(pieces).toString()) as BatchLine));
  }
  return lines;
}

function lostLine(index: number): BatchLine {
  const detail = "Expected the line that says what the item was but it is gone.";
  return { index, state: "failed", error: new ProblemError("internal_error", detail).toProblem() };
}
