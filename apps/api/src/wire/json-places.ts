const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
/** Deeper than anything that is asked for. */
const deepest = 4;
/** In bytes; no name that is asked for has more. */
const longestName = 64;

/** What arrives of JSON: text of it, or the inside of a string at a place that was asked for, as it stands there. */
export type JsonPiece =
  | { readonly kind: "text"; readonly bytes: Buffer }
  | { readonly kind: "begin"; readonly place: string }
  | { readonly kind: "inside"; readonly bytes: Buffer }
  | { readonly kind: "end" };

/** An object or a list that is open. */
interface Level {
  readonly isList: boolean;
  /** In an object the last name that was read, in a list how many commas were. */
  name: string;
  items: number;
  /** Whether the next string is a name. */
  awaitsName: boolean;
}

/**
 * Finds strings in JSON by their place, as a JSON pointer has it, while the JSON arrives. What is no JSON is passed on as
 * text: its parser is to refuse it.
 */
export class JsonPlaces {
  readonly #wanted: (place: string) => boolean;
  readonly #levels: Level[] = [];
  #depth = 0;
  /** What the string that is open is; undefined outside of strings. */
  #string: "name" | "wanted" | "other" | undefined;
  #nameBytes: Buffer[] = [];
  /** Whether the next byte of the string is escaped. */
  #isEscaped = false;

  /** @param wanted whether the string value at a place is asked for */
  constructor(wanted: (place: string) => boolean) {
    this.#wanted = wanted;
  }

  *read(chunk: Buffer): Generator<JsonPiece, void> {
    let from = 0;
    for (let at = 0; at < chunk.length; ) {
      if (this.#string === undefined) {
        at = this.#readOutside(chunk, at);
        if (!this.#isInWanted) continue;
        yield { kind: "text", bytes: chunk.subarray(from, at) };
        yield { kind: "begin", place: this.#place };
        from = at;
      } else {
        const end = this.#endOfString(chunk, at);
        if (this.#isInWanted) {
          yield* insideOf(chunk, at, end);
          from = end;
        }
        this.#readString(chunk, at, end);
        at = end + 1;
      }
    }
    if (from < chunk.length) yield { kind: "text", bytes: chunk.subarray(from) };
  }

  get #isInWanted(): boolean {
    return this.#string === "wanted";
  }

  /** Reads up to and with the quote that begins a string, and says where that is over. */
  #readOutside(chunk: Buffer, start: number): number {
    for (let at = start; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === quote) {
        this.#openString();
        return at + 1;
      }
      if (byte === openBrace || byte === openBracket) this.#open(byte === openBracket);
      else if (byte === closeBrace || byte === closeBracket) this.#close();
      else if (byte === comma) this.#nextItem();
      else if (byte === colon && this.#level) this.#level.awaitsName = false;
    }
    return chunk.length;
  }

  get #level(): Level | undefined {
    return this.#depth === this.#levels.length ? this.#levels.at(-1) : undefined;
  }

  get #place(): string {
    return this.#levels.map(({ isList, name, items }) => `/${isList ? items : name}`).join("");
  }

  #open(isList: boolean): void {
    if (this.#depth === this.#levels.length && this.#depth < deepest)
      this.#levels.push({ isList, name: "", items: 0, awaitsName: !isList });
    this.#depth += 1;
  }

  #close(): void {
    if (this.#depth === this.#levels.length) this.#levels.pop();
    this.#depth = Math.max(0, this.#depth - 1);
  }

  #nextItem(): void {
    const level = this.#level;
    if (!level) return;
    level.items += 1;
    level.awaitsName = !level.isList;
  }

  #openString(): void {
    const level = this.#level;
    if (level?.awaitsName) this.#string = "name";
    else this.#string = level && this.#wanted(this.#place) ? "wanted" : "other";
    this.#nameBytes = [];
  }

  /** Reads what a chunk has of a string, which is over where it ends before the chunk. */
  #readString(chunk: Buffer, start: number, end: number): void {
    if (this.#string === "name") this.#nameBytes.push(chunk.subarray(start, Math.min(end, start + longestName)));
    if (end === chunk.length) return;
    if (this.#string === "name" && this.#level) this.#level.name = nameOf(Buffer.concat(this.#nameBytes));
    this.#string = undefined;
  }

  /** Where its quote is; the chunk's length when that is still to come. */
  #endOfString(chunk: Buffer, start: number): number {
    let at = start;
    if (this.#isEscaped) {
      this.#isEscaped = false;
      at += 1;
    }
    let end = indexOf(chunk, quote, at);
    for (let next = indexOf(chunk, backslash, at); next < end; next = indexOf(chunk, backslash, at)) {
      at = next + 2;
      if (at > chunk.length) this.#isEscaped = true;
      if (at > end) end = indexOf(chunk, quote, at);
    }
    return end;
  }
}

/** What a chunk has of a string, and whether that ends there. */
function* insideOf(chunk: Buffer, start: number, end: number): Generator<JsonPiece, void> {
  if (end > start) yield { kind: "inside", bytes: chunk.subarray(start, end) };
  if (end < chunk.length) yield { kind: "end" };
}

function indexOf(chunk: Buffer, byte: number, from: number): number {
  const found = chunk.indexOf(byte, from);
  return found < 0 ? chunk.length : found;
}

/** A name may be written with escapes. One that is broken names nothing. */
function nameOf(bytes: Buffer): string {
  try {
    return JSON.parse(`"${bytes}"`) as string;
  } catch {
    return "";
  }
}
