/**
 * Memory for the input of one run after the other, so that a run allocates none. What it gave is overwritten by the
 * next `take`: it must have been used by then.
 */
export class Scratch {
  private buffer = new Float32Array(0);

  /** `length` numbers, of any value. */
  take(length: number): Float32Array {
    if (this.buffer.length < length) this.buffer = new Float32Array(length);
    return this.buffer.subarray(0, length);
  }
}
