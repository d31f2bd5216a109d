import { BatchItem, ProblemError } from "@facefleet/contracts";
import { labelled, type ObjectPart } from "@facefleet/platform";
import { Compile } from "typebox/compile";
import type { SourceItem, SourcePage } from "./source-page.js";

const chunkBytes = 262_144;
const lineBreak = 0x0a;
const batchItem = Compile(BatchItem);
const utf8 = new TextDecoder("utf-8", { fatal: true });

export interface ManifestPlace {
  readonly cursor: string;
  /** Which version was read before. */
  readonly version: string;
  readonly limit: number;
  /** Whether the lines are only being counted: the first read of each. */
  readonly isCounting: boolean;
}

/**
 * A page of a manifest: one image reference a line, with or without a label, as JSON; blank lines do not count.
 * @throws ProblemError `batch_source_invalid` when the manifest is not the version that was read before, or nothing
 *   that it begins with is such a line
 */
export async function readManifest(
  manifest: { getPart(range: { offset: number; length: number }): Promise<ObjectPart> },
  { cursor, version, limit, isCounting }: ManifestPlace,
): Promise<SourcePage> {
  const offset = Number(cursor || 0);
  const part = await manifest.getPart({ offset, length: chunkBytes });
  assertSame(part, version);
  if (offset === 0) assertText(part.bytes);
  const { lines, consumed } = linesOf(part.bytes, limit);
  const items = lines.map(itemOf);
  if (offset === 0 && isCounting) assertReferences(items);
  return {
    items,
    cursor: String(offset + consumed),
    version: part.version ?? version,
    isLast: part.bytes.length < chunkBytes && consumed === part.bytes.length,
  };
}

/** @throws ProblemError `batch_source_invalid` for a part of another version than the one that was read before */
export function assertSame(part: ObjectPart, version: string): void {
  if (version === "" || part.version === undefined || part.version === version) return;
  throw new ProblemError("batch_source_invalid", "Expected a manifest that stays as it is but it was changed.");
}

/** What other programs make of lists: without this, each of their lines would fail by itself. */
function assertText(head: Buffer): void {
  if (["fffe", "feff"].includes(head.toString("hex", 0, 2))) throw notLines("text in UTF-16");
  const start = head.toString("utf8", 0, 1000).trim();
  if (start.includes("\0")) throw notLines("something that is no text in UTF-8");
  if (start.startsWith("[")) throw notLines("a JSON array");
}

/** A line that is no reference fails alone, but not when there is nothing else. */
function assertReferences(items: readonly SourceItem[]): void {
  const [first] = items;
  if (!first || !("fault" in first) || items.some((item) => !("fault" in item))) return;
  throw notLines(`no such line among the first ${items.length}. Line 1: ${first.fault.detail}`);
}

function notLines(received: string): ProblemError {
  const example = '{"s3":{"bucket":"photos","key":"a.jpg"}}';
  const expected = `Expected a manifest of one image reference a line, as JSON in UTF-8, like ${example}`;
  return new ProblemError("batch_source_invalid", `${expected}, but received ${received}`);
}

/** The first whole lines of a chunk, and how many of its bytes they take. A chunk that is not full ends the last line. */
function linesOf(chunk: Buffer, limit: number): { lines: Buffer[]; consumed: number } {
  const lines: Buffer[] = [];
  let consumed = 0;
  while (lines.length < limit && consumed < chunk.length) {
    const found = chunk.indexOf(lineBreak, consumed);
    if (found === -1 && chunk.length === chunkBytes) break;
    const end = found === -1 ? chunk.length : found;
    const line = chunk.subarray(consumed, end);
    if (line.toString().trim() !== "") lines.push(line);
    consumed = Math.min(end + 1, chunk.length);
  }
  if (consumed === 0 && chunk.length > 0) {
    throw new ProblemError("batch_source_invalid", `Expected lines of fewer than ${chunkBytes} bytes in the manifest.`);
  }
  return { lines, consumed };
}

function itemOf(line: Buffer): SourceItem {
  try {
    const item: unknown = JSON.parse(utf8.decode(line));
    if (batchItem.Check(item)) return labelled(item);
  } catch {
    // Said below.
  }
  const received = JSON.stringify(line.toString().trim().slice(0, 60));
  const detail = `Expected an image reference for the line of the manifest but received ${received}`;
  return { fault: new ProblemError("invalid_request", detail) };
}
