import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { PackError } from "./pack-error.js";
import { headerLengthBytes, parseSafetensorsHeader, type TensorInfo, tensorData } from "./safetensors.js";
import type { Tensor, TensorData } from "./tensor.js";

/** An open safetensors file. Tensors are read from disk when asked for, so that the weights need not stay in memory. */
export class WeightsFile {
  private constructor(
    readonly path: string,
    readonly tensors: ReadonlyMap<string, TensorInfo>,
    private readonly descriptor: number,
  ) {}

  /** @throws PackError when the file cannot be read, or is not a complete safetensors file. */
  static async open(path: string): Promise<WeightsFile> {
    const descriptor = openToRead(path);
    try {
      return new WeightsFile(path, readTensorTable(descriptor), descriptor);
    } catch (cause) {
      closeSync(descriptor);
      throw new PackError(`Expected a safetensors file at ${path} but it is damaged`, { cause });
    }
  }

  /** A fresh copy of a tensor, its numbers as they are kept. */
  tensor(name: string): Tensor<TensorData> {
    const info = this.tensors.get(name);
    if (info === undefined) throw new PackError(`Expected a tensor named ${name} in ${this.path} but there is none`);
    const { dtype, shape, byteOffset, byteLength } = info;
    return { shape, data: tensorData(dtype, readExactly(this.descriptor, byteOffset, byteLength)) };
  }

  /** A fresh copy of the tensor's numbers as float32, whatever they are kept as. */
  read(name: string): Float32Array {
    const { data } = this.tensor(name);
    return data instanceof Float32Array ? data : Float32Array.from(data);
  }

  /** Whether a network's kernels are integers. */
  get isQuantised(): boolean {
    return [...this.tensors.values()].some(({ dtype }) => dtype === "I8");
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function openToRead(path: string): number {
  try {
    return openSync(path, "r");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new PackError(`Expected a safetensors file at ${path} but it cannot be read (${code})`, { cause });
  }
}

function readTensorTable(descriptor: number): Map<string, TensorInfo> {
  const fileBytes = fstatSync(descriptor).size;
  const headerBytes = Number(readExactly(descriptor, 0, headerLengthBytes).readBigUInt64LE());
  if (headerBytes > fileBytes - headerLengthBytes) {
    throw new PackError(`Expected a header shorter than the file but received ${headerBytes} of ${fileBytes} bytes`);
  }
  return parseSafetensorsHeader(readExactly(descriptor, headerLengthBytes, headerBytes), fileBytes);
}

function readExactly(descriptor: number, position: number, length: number): Buffer<ArrayBuffer> {
  // Its own allocation, not a slice of the pool, so that an array of larger numbers may lie over it.
  const buffer = Buffer.from(new ArrayBuffer(length));
  let filled = 0;
  while (filled < length) {
    const read = readSync(descriptor, buffer, filled, length - filled, position + filled);
    if (read === 0) throw new PackError(`Expected ${length} bytes at ${position} but the file ends before`);
    filled += read;
  }
  return buffer;
}
