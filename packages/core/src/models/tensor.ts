/** What the numbers of a tensor may be kept as. */
export type TensorData = Float32Array | Int32Array | Int8Array | Uint8Array;

/** A dense tensor, row-major; of float32 unless told. */
export interface Tensor<Data extends TensorData = Float32Array> {
  readonly shape: readonly number[];
  readonly data: Data;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The same numbers under another shape. */
export function reshape(tensor: Tensor, shape: readonly number[]): Tensor {
  if (elementCount(shape) !== tensor.data.length) {
    throw new RangeError(
      `Expected ${tensor.data.length} elements for the shape [${shape}] but received ${elementCount(shape)}`,
    );
  }
  return { shape, data: tensor.data };
}

/** Reorders axes: axis `i` of the result is axis `order[i]` of the source. */
export function permuteAxes(tensor: Tensor, order: readonly number[]): Tensor {
  const shape = order.map((axis) => tensor.shape[axis]!);
  const sourceStrides = strides(tensor.shape);
  const steps = order.map((axis) => sourceStrides[axis]!);
  const data = new Float32Array(tensor.data.length);
  let target = 0;
  const copy = (axis: number, source: number): void => {
    if (axis === shape.length) {
      data[target++] = tensor.data[source]!;
      return;
    }
    for (let index = 0; index < shape[axis]!; index++) copy(axis + 1, source + index * steps[axis]!);
  };
  copy(0, 0);
  return { shape, data };
}

function strides(shape: readonly number[]): number[] {
  return shape.map((_, axis) => elementCount(shape.slice(axis + 1)));
}

/** Copies `count` little-endian float32 numbers; the copy is aligned, which a slice of a file need not be. */
export function float32At(bytes: Uint8Array, byteOffset: number, count: number): Float32Array {
  const start = bytes.byteOffset + byteOffset;
  return new Float32Array(bytes.buffer.slice(start, start + count * Float32Array.BYTES_PER_ELEMENT));
}
