import { ProblemError } from "@facefleet/contracts";

/**
 * A body that is counted while it is read, and ends with `image_too_large` past `maxBytes`.
 * `failure` tells a fault of the body from a fault of whoever reads it.
 */
export class BoundedBody implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #maxBytes: number;
  /** Bytes read so far. */
  size = 0;
  /** Why reading ended early. */
  failure: unknown;

  constructor(source: AsyncIterable<Uint8Array> | Uint8Array, maxBytes: number) {
    this.#source = source instanceof Uint8Array ? once(source) : source;
    this.#maxBytes = maxBytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of this.#source) {
        this.size += chunk.byteLength;
        if (this.size > this.#maxBytes) throw tooLarge(this.#maxBytes);
        yield chunk;
      }
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  async bytes(): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return Buffer.concat(chunks, this.size);
  }
}

/** The problem of an object that is larger than its reader or writer allows. */
export function tooLarge(maxBytes: number, size?: number): ProblemError {
  const received = size === undefined ? "more" : String(size);
  return new ProblemError(
    "image_too_large",
    `Expected an image of at most ${maxBytes} bytes but received ${received}.`,
  );
}

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
  yield chunk;
}
