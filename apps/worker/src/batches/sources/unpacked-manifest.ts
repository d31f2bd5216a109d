import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { asProblemError, ProblemError } from "@facefleet/contracts";
import type { ObjectRef, ObjectStore, OwnObject } from "@facefleet/platform";
import { assertSame } from "./manifest-source.js";

const chunkBytes = 1_048_576;
/** Three kilobytes for each of as many items as a batch may have. */
const mostBytes = 256 * 1_048_576;
const magicBytes = "1f8b";

export async function isGzip(store: ObjectStore, ref: ObjectRef): Promise<boolean> {
  const { bytes } = await store.getPart(ref, { offset: 0, length: 2 });
  return bytes.toString("hex") === magicBytes;
}

/**
 * Puts what a manifest in gzip holds where it can be read from anywhere in it.
 * @throws ProblemError `batch_source_invalid` for what is no gzip, breaks off, or holds more than 256 MiB
 */
export async function unpackManifest(store: ObjectStore, ref: ObjectRef, target: OwnObject): Promise<void> {
  const unpacked = createGunzip();
  pipeline(Readable.from(chunksOf(store, ref), { objectMode: false }), unpacked, () => undefined);
  try {
    await target.put(unpacked, { contentType: "application/x-ndjson", maxBytes: mostBytes });
  } catch (error) {
    throw sourceProblem(error);
  }
}

async function* chunksOf(store: ObjectStore, ref: ObjectRef): AsyncGenerator<Buffer, void> {
  for (let offset = 0, version = ""; ; ) {
    const part = await store.getPart(ref, { offset, length: chunkBytes });
    assertSame(part, version);
    yield part.bytes;
    if (part.bytes.length < chunkBytes) return;
    version = part.version ?? "";
    offset += chunkBytes;
  }
}

function sourceProblem(error: unknown): ProblemError {
  if (error instanceof Error && "code" in error && String(error.code).startsWith("Z_")) {
    const detail = `Expected a manifest that can be unpacked but received gzip that cannot: ${error.message}`;
    return new ProblemError("batch_source_invalid", detail, { cause: error });
  }
  const problem = asProblemError(error);
  if (problem.code !== "image_too_large") return problem;
  return new ProblemError("batch_source_invalid", `Expected a manifest of at most ${mostBytes} bytes once unpacked.`);
}
