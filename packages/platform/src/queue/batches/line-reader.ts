const lineBreak = 0x0a;
const nothing: Buffer = Buffer.alloc(0);

/** Lines one after the other, from chunks that are cut anywhere. No line is held in memory. */
export class LineReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest = nothing;

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** The pieces of the next line, with its line break; none after the last one. To be read to its end. */
  async *line(): AsyncGenerator<Buffer, void> {
    for (;;) {
      if (this.#rest.length === 0 && !(await this.#read())) return;
      const end = this.#rest.indexOf(lineBreak) + 1;
      const piece = end === 0 ? this.#rest : this.#rest.subarray(0, end);
      this.#rest = this.#rest.subarray(piece.length);
      yield piece;
      if (end > 0) return;
    }
  }

  async skip(lines = 1): Promise<void> {
    for (let line = 0; line < lines; line += 1) for await (const _ of this.line());
  }

  /** What is left, as it comes. */
  async *rest(): AsyncGenerator<Buffer, void> {
    do if (this.#rest.length > 0) yield this.#rest;
    while (await this.#read());
  }

  async #read(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    this.#rest = done ? nothing : value;
    return !done;
  }
}
