import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { PackError } from "./pack-error.js";
import { elementCount, type Tensor, type TensorData } from "./tensor.js";

/** The format's names of what numbers are kept as, and the arrays that hold them. */
const arrays = { F32: Float32Array, I32: Int32Array, I8: Int8Array, U8: Uint8Array } as const;
export type DataType = keyof typeof arrays;

export type NamedTensor = readonly [name: string, tensor: Tensor<TensorData>];

/** Where a tensor lies in a weights file. */
export interface TensorInfo {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  /** From the start of the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

interface HeaderEntry {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  /** From the end of the header. */
  readonly data_offsets: readonly [start: number, end: number];
}

/** Bytes of the header's length, at the start of the file. */
export const headerLengthBytes = 8;

/** The first tensor starts at a multiple of it; the format forbids gaps between the others. */
const dataAlignment = 64;

/**
 * Writes tensors in the safetensors format (https://huggingface.co/docs/safetensors) and flushes them to disk; those of
 * larger numbers first, so that each is aligned for its type.
 */
export async function writeSafetensors(
  path: string,
  tensors: readonly NamedTensor[],
): Promise<{ bytes: number; sha256: string }> {
  const sorted = tensors.toSorted(([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT);
  const hash = createHash("sha256");
  let bytes = 0;
  const file = await open(path, "wx");
  try {
    for (const chunk of encode(sorted)) {
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
    entries[name] = { dtype: dataType(data), shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const json = Buffer.from(JSON.stringify(entries));
  const padded = Math.ceil((headerLengthBytes + json.length) / dataAlignment) * dataAlignment - headerLengthBytes;
  const header = Buffer.alloc(headerLengthBytes + padded, " ");
  header.writeBigUInt64LE(BigInt(padded));
  json.copy(header, headerLengthBytes);
  return header;
}

function dataType(data: TensorData): DataType {
  return (Object.keys(arrays) as DataType[]).find((name) => data instanceof arrays[name]) as DataType;
}

/** The numbers that `bytes` are, which must be aligned for their type. */
export function tensorData(dtype: DataType, { buffer, byteOffset, byteLength }: Uint8Array<ArrayBuffer>): TensorData {
  return new arrays[dtype](buffer, byteOffset, byteLength / arrays[dtype].BYTES_PER_ELEMENT);
}

/**
 * Parses the header of a safetensors file (without its length), and checks that its tensors are of a known type
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
  const byteLength = elementCount(shape) * (arrays[dtype]?.BYTES_PER_ELEMENT ?? Number.NaN);
  if (end - start !== byteLength) {
    const known = Object.keys(arrays).join(", ");
    throw new PackError(
      `Expected [${shape}] numbers of ${known} for ${name} but received ${end - start} bytes of ${dtype}`,
    );
  }
  return { dtype, shape, byteOffset: dataStart + start, byteLength };
}
