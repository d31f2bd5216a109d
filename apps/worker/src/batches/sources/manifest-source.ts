import { ImageRef, ProblemError } from "@facefleet/contracts";
import type { ObjectRef, ObjectStore } from "@facefleet/platform";
import { Compile } from "typebox/compile";
import type { SourceItem, SourcePage } from "./source-page.js";

const chunkBytes = 262_144;
const lineBreak = 0x0a;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const imageRef = Compile(ImageRef);

/**
 * A page of a manifest: one image reference a line, as JSON; empty lines do not count.
 * @throws ProblemError `batch_source_invalid` when the manifest is not the version that was read before, or no text
 *   of lines
 */
export async function readManifest(
  store: ObjectStore,
  ref: ObjectRef,
  { cursor, version, limit }: { readonly cursor: string; readonly version: string; readonly limit: number },
): Promise<SourcePage> {
  const offset = Number(cursor || 0);
  const part = await store.getPart(ref, { offset, length: chunkBytes });
  if (version !== "" && part.version !== undefined && part.version !== version) {
    throw new ProblemError("batch_source_invalid", "Expected a manifest that stays as it is but it was changed.");
  }
  const { lines, consumed } = linesOf(part.bytes, limit);
  return {
    items: lines.flatMap((line) => (line === "" ? [] : [itemOf(line)])),
    cursor: String(offset + consumed),
    version: part.version ?? version,
    isLast: part.bytes.length < chunkBytes && consumed === part.bytes.length,
  };
}

/** The first whole lines of a chunk, and how many of its bytes they take. A chunk that is not full ends the last line. */
function linesOf(chunk: Buffer, limit: number): { lines: string[]; consumed: number } {
  const lines: string[] = [];
  let consumed = 0;
  while (lines.length < limit && consumed < chunk.length) {
    const found = chunk.indexOf(lineBreak, consumed);
    if (found === -1 && chunk.length === chunkBytes) break;
    const end = found === -1 ? chunk.length : found;
    lines.push(textOf(chunk.subarray(consumed, end)));
    consumed = Math.min(end + 1, chunk.length);
  }
  if (consumed === 0 && chunk.length > 0) {
    throw new ProblemError("batch_source_invalid", `Expected lines of fewer than ${chunkBytes} bytes in the manifest.`);
  }
  return { lines, consumed };
}

function textOf(line: Buffer): string {
  const isMarked = line.subarray(0, byteOrderMark.length).equals(byteOrderMark);
  return line
    .subarray(isMarked ? byteOrderMark.length : 0)
    .toString("utf8")
    .trim();
}

function itemOf(line: string): SourceItem {
  try {
    const image: unknown = JSON.parse(line);
    if (imageRef.Check(image)) return { image };
  } catch {
    // Said below.
  }
  const detail = `Expected an image reference for the line of the manifest but received ${JSON.stringify(line.slice(0, 60))}`;
  return { fault: new ProblemError("invalid_request", detail) };
}
