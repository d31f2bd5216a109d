import { ProblemError } from "@facefleet/contracts";

/** Twice what the largest body that makes sense has: a batch of a thousand references. */
const mostNames = 10_000;
const [quoteMark, colonMark, backslash] = [0x22, 0x3a, 0x5c];

/**
 * Refuses JSON of very many names before it is parsed: to make an object of hundreds of thousands takes a hundred times
 * as long as to read as many bytes of anything else, and nobody else is answered meanwhile.
 * @throws ProblemError `invalid_request`
 */
export function assertFewNames(json: Buffer, most = mostNames): void {
  if (hasMoreNames(json, most)) {
    throw new ProblemError("invalid_request", `Expected at most ${most} names in the JSON but received more`);
  }
}

/** Whether there are more colons outside of strings: of valid JSON, as many as names. Looks at each byte once. */
function hasMoreNames(json: Buffer, most: number): boolean {
  let names = 0;
  let colon = -1;
  for (let at = 0; at < json.length; ) {
    const string = next(json, quoteMark, at);
    if (colon < at) colon = next(json, colonMark, at);
    while (colon < string) {
      names += 1;
      if (names > most) return true;
      colon = next(json, colonMark, colon + 1);
    }
    at = endOfString(json, string);
  }
  return false;
}

/** After the quote that ends a string. */
function endOfString(json: Buffer, start: number): number {
  let quote = next(json, quoteMark, start + 1);
  while (quote < json.length && isEscaped(json, quote)) quote = next(json, quoteMark, quote + 1);
  return quote + 1;
}

function isEscaped(json: Buffer, at: number): boolean {
  let before = at - 1;
  while (json[before] === backslash) before -= 1;
  return (at - 1 - before) % 2 === 1;
}

/** Where a byte is from `at` on; where it is not, the end. */
function next(json: Buffer, byte: number, at: number): number {
  const found = json.indexOf(byte, at);
  return found === -1 ? json.length : found;
}
