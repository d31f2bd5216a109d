type Memory = typeof ArrayBuffer | typeof SharedArrayBuffer;

/** Memory for one thing after the other, so that each needs no new one. */
export class Scratch {
  private buffer: Float32Array;

  constructor(private readonly memory: Memory = ArrayBuffer) {
    this.buffer = new Float32Array(new memory(0));
  }

  /** `length` numbers, of any value. The next call gives the same again: these must have been used by then. */
  take(length: number): Float32Array {
    if (this.buffer.length < length) {
      this.buffer = new Float32Array(new this.memory(length * Float32Array.BYTES_PER_ELEMENT));
    }
    return this.buffer.subarray(0, length);
  }
}
