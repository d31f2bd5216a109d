import { PackError } from "./pack-error.js";
import { elementCount, float32At, type Tensor } from "./tensor.js";

const magic = Buffer.from("\x93NUMPY", "latin1");

/**
 * Reads NumPy's `.npy` format (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html),
 * as far as the packs use it: little-endian float32 in C order.
 */
export function parseNpy(bytes: Buffer, name: string): Tensor {
  const { text, dataOffset } = splitHeader(bytes, name);
  const dtype = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  const fortranOrder = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
  if (dtype !== "<f4" || fortranOrder !== "False") {
    throw new PackError(`Expected float32 in C order in ${name} but received ${text.trim()}`);
  }
  const shape = parseShape(text, name);
  const available = (bytes.length - dataOffset) / Float32Array.BYTES_PER_ELEMENT;
  if (available !== elementCount(shape)) {
    throw new PackError(`Expected ${elementCount(shape)} numbers in ${name} but received ${available}`);
  }
  return { shape, data: float32At(bytes, dataOffset, available) };
}

function splitHeader(bytes: Buffer, name: string): { text: string; dataOffset: number } {
  if (bytes.length < 12 || !bytes.subarray(0, magic.length).equals(magic)) {
    throw new PackError(`Expected a .npy file for ${name} but received something else`);
  }
  // Version 1 gives the header's length in two bytes, later versions in four.
  const lengthBytes = bytes[magic.length] === 1 ? 2 : 4;
  const start = magic.length + 2 + lengthBytes;
  const dataOffset = start + bytes.readUIntLE(magic.length + 2, lengthBytes);
  return { text: bytes.toString("latin1", start, dataOffset), dataOffset };
}

function parseShape(header: string, name: string): number[] {
  const sizes = /'shape':\s*\(([\d\s,]*)\)/.exec(header)?.[1];
  if (sizes === undefined)
    throw new PackError(`Expected a shape in the header of ${name} but received ${header.trim()}`);
  return sizes
    .split(",")
    .map((size) => size.trim())
    .filter((size) => size !== "")
    .map(Number);
}
