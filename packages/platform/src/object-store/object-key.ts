import { ProblemError } from "@facefleet/contracts";

const maxKeyBytes = 1024;

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
  if (key === "") return "but received an empty one";
  if (key.includes("\0")) return "without NUL characters";
  if (/\p{Surrogate}/u.test(key)) return "of whole Unicode characters";
  if (Buffer.byteLength(key) > maxKeyBytes) return `of at most ${maxKeyBytes} bytes`;
  if (key.split(/[/\\]/).some((segment) => segment === "." || segment === "..")) return "without '.' and '..' segments";
  return undefined;
}
