import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import type { NamedTensor } from "./convert.js";
import { PackError } from "./pack-error.js";
import { elementCount } from "./tensor.js";

/** Where a float32 tensor lies in a weights file. */
export interface TensorInfo {
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

interface HeaderEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** From the end of the header. */
  readonly data_offsets: readonly [start: number, end: number];
}

/** Bytes of the header's length, at the start of the file. */
export const headerLengthBytes = 8;

/** The first tensor starts at a multiple of it; the format forbids gaps between the others. */
const dataAlignment = 64;

/** Writes float32 tensors in the safetensors format (https://huggingface.co/docs/safetensors) and flushes them to disk. */
export async function writeSafetensors(
  path: string,
  tensors: readonly NamedTensor[],
): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  const file = await open(path, "wx");
  try {
    for (const chunk of encode(tensors)) {
      await file.writeFile(chunk);
      hash.update(chunk);
      bytes += chunk.byteLength;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest("hex") };
}

function* encode(tensors: readonly NamedTensor[]): Generator<Uint8Array> {
  yield encodeHeader(tensors);
  for (const [, { data }] of tensors) yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function encodeHeader(tensors: readonly NamedTensor[]): Buffer {
  const entries: Record<string, HeaderEntry> = {};
  let offset = 0;
  for (const [name, { shape, data }] of tensors) {
    entries[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(entries));
  const padded = Math.ceil((headerLengthBytes + json.length) / dataAlignment) * dataAlignment - headerLengthBytes;
  const header = Buffer.alloc(headerLengthBytes + padded, " ");
  header.writeBigUInt64LE(BigInt(padded));
  json.copy(header, headerLengthBytes);
  return header;
}

/**
 * Parses the header of a safetensors file (without its length), and checks that its tensors are float32
 * and fill the file exactly.
 */
export function parseSafetensorsHeader(header: Buffer, fileBytes: number): Map<string, TensorInfo> {
  const dataStart = headerLengthBytes + header.length;
  const tensors = new Map<string, TensorInfo>();
  let end = dataStart;
  for (const [name, entry] of Object.entries(parseJson(header))) {
    if (name === "__metadata__") continue;
    const info = tensorInfo(name, entry, dataStart);
    tensors.set(name, info);
    end = Math.max(end, info.byteOffset + info.byteLength);
  }
  if (end !== fileBytes) throw new PackError(`Expected ${end} bytes of weights but received ${fileBytes}`);
  return tensors;
}

function parseJson(header: Buffer): Record<string, HeaderEntry> {
  try {
    return JSON.parse(header.toString("utf8"));
  } catch (cause) {
    throw new PackError("Expected the header of the weights to be JSON but it is not", { cause });
  }
}

function tensorInfo(
  name: string,
  { dtype, shape, data_offsets: [start, end] }: HeaderEntry,
  dataStart: number,
): TensorInfo {
  const byteLength = elementCount(shape) * Float32Array.BYTES_PER_ELEMENT;
  if (dtype !== "F32" || end - start !== byteLength) {
    throw new PackError(`Expected float32 [${shape}] for ${name} but received ${end - start} bytes of ${dtype}`);
  }
  return { shape, byteOffset: dataStart + start, byteLength };
}
