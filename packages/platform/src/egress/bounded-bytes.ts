/** The first bytes of a stream, in one piece: a stream of tiny chunks takes no more memory than one of large ones. */
export class BoundedBytes {
  readonly #limit: number;
  #bytes = Buffer.allocUnsafe(0);
  #size = 0;
  #isOver = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether there was more than is kept. */
  get isOver(): boolean {
    return this.#isOver;
  }

  add(chunk: Uint8Array): void {
    const end = Math.min(this.#size + chunk.byteLength, this.#limit);
    this.#isOver ||= this.#size + chunk.byteLength > this.#limit;
    if (end > this.#bytes.length) this.#growTo(end);
    this.#bytes.set(chunk.subarray(0, end - this.#size), this.#size);
    this.#size = end;
  }

  toBuffer(): Buffer {
    return this.#bytes.subarray(0, this.#size);
  }

  #growTo(size: number): void {
    const grown = Buffer.allocUnsafe(Math.min(this.#limit, Math.max(size, 2 * this.#bytes.length)));
    this.#bytes.copy(grown, 0, 0, this.#size);
    this.#bytes = grown;
  }
}
