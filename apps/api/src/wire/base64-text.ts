import { shown } from "./expectation.js";

/** What stands before the data in a data URL (RFC 2397) is a few words. */
const longestHead = 256;
const escapes: Readonly<Record<string, string>> = { "/": "/", n: "\n", r: "\r", t: "\t" };
const nothing = Buffer.alloc(0);

/**
 * Reads base64, or a data URL of it, as it stands within a string of JSON, piece by piece. Both alphabets of RFC 4648 are
 * taken, with padding and line ends or without.
 *
 * @throws TypeError that says what was received instead
 */
export class Base64Text {
  /** The beginning, until it is known whether it is that of a data URL. */
  #head: string | undefined = "";
  /** An escape of JSON that has begun. */
  #escape = "";
  /** The digits of a group of four that has begun. */
  #group = "";
  #isPadded = false;

  take(piece: Buffer): Buffer {
    const text = this.#withoutEscapes(piece.toString("latin1"));
    if (this.#head === undefined) return this.#decoded(text);
    this.#head += text;
    if (this.#head.length < longestHead && !this.#head.includes(",")) return nothing;
    return this.#decodedHead(this.#head);
  }

  /** The last of the bytes. */
  end(): Buffer {
    if (this.#escape !== "") throw unexpected(this.#escape);
    const bytes = this.#head === undefined ? nothing : this.#decodedHead(this.#head);
    if (this.#group.length === 1) throw new TypeError("a text that ends in the middle of a byte");
    return Buffer.concat([bytes, Buffer.from(this.#group, "base64")]);
  }

  #decodedHead(head: string): Buffer {
    this.#head = undefined;
    if (!/^data:/i.test(head)) return this.#decoded(head);
    const start = /^data:[^,]*;base64,/i.exec(head.slice(0, longestHead))?.[0];
    if (start === undefined) throw new TypeError(`a data URL without base64, ${shown(head)}`);
    return this.#decoded(head.slice(start.length));
  }

  #decoded(text: string): Buffer {
    const digits = text.replace(/[\r\n]+/g, "");
    const padding = digits.search("=");
    const data = padding < 0 ? digits : digits.slice(0, padding);
    const stranger = /[^\w+/-]/.exec(data) ?? /[^=]/.exec(digits.slice(data.length));
    if (stranger) throw unexpected(stranger[0]);
    if (this.#isPadded && data !== "") throw unexpected("=");
    this.#isPadded ||= padding >= 0;
    const all = this.#group + data;
    const whole = all.length - (all.length % 4);
    this.#group = all.slice(whole);
    return Buffer.from(all.slice(0, whole), "base64");
  }

  #withoutEscapes(text: string): string {
    if (this.#escape === "" && !text.includes("\\")) return text;
    const joined = this.#escape + text;
    this.#escape = /\\(?:u[\da-f]{0,3})?$/i.exec(joined)?.[0] ?? "";
    return joined
      .slice(0, joined.length - this.#escape.length)
      .replace(/\\(?:u([\da-f]{4})|(.))/gis, (all, code: string | undefined, letter: string) =>
        code === undefined ? (escapes[letter] ?? all) : String.fromCharCode(Number.parseInt(code, 16)),
      );
  }
}

function unexpected(text: string): TypeError {
  return new TypeError(`text with ${shown(text)}`);
}
