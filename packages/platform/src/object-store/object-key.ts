import { ProblemError } from "@facefleet/contracts";

const maxKeyBytes = 1024;
/** Keys as nearly all are, which nobody reads otherwise: no more has to be looked at. */
const usual = /^(?!\.\.?(?:\/|$))[\w.-]+(?:\/(?!\.\.?(?:\/|$))[\w.-]+)*$/;

/**
 * Refuses keys that could leave their bucket. Dot segments mean nothing to S3 itself, but servers and
 * proxies that stand in for it resolve them.
 * @throws ProblemError image_not_found
 */
export function checkKey(key: string): void {
  const fault = keyFault(key);
  if (fault) throw new ProblemError("image_not_found", `Expected an object key ${fault}.`);
}

/** What is wrong with a key, to follow `an object key`. */
export function keyFault(key: string): string | undefined {
  if (key.length <= maxKeyBytes && usual.test(key)) return undefined;
  if (key === "") return "but received an empty one";
  if (key.includes("\0")) return "without NUL characters";
  if (/\p{Surrogate}/u.test(key)) return "of whole Unicode characters";
  if (Buffer.byteLength(key) > maxKeyBytes) return `of at most ${maxKeyBytes} bytes`;
  if (partsOf(key).some((part) => part === "." || part === "..")) return "without '.' and '..' segments";
  return undefined;
}

/**
 * What a key may mean: the same for all keys that some server, proxy or file system takes for one another. Those with
 * other case or form of letters, with other separators or more of them, escaped once more, or with characters in them
 * that do not count. It tells keys apart that differ in their letters, digits or folders; not more.
 */
export function nameOf(key: string): string {
  if (usual.test(key)) return key.toLowerCase().replace(/[_.-]/g, "");
  const parts = partsOf(key).filter((part) => part !== "");
  return parts.map((part) => part.toUpperCase().toLowerCase().replace(uncounted, "")).join("/");
}

const uncounted = /[^\p{L}\p{N}]/gu;
/** Of an ASCII character, also when the percent sign is escaped itself. */
const escaped = /%(?:25)*([0-7][0-9a-f])/gi;

/** Some servers take a backslash for a slash. */
function partsOf(key: string): string[] {
  const letters = isAscii(key) ? key : key.normalize("NFKC");
  const plain = letters.includes("%") ? letters.replace(escaped, characterOf) : letters;
  return plain.split(/[/\\]/);
}

function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  return /^[\x00-\x7f]*$/.test(text);
}

function characterOf(_escape: string, hex: string): string {
  return String.fromCharCode(Number.parseInt(hex, 16));
}
