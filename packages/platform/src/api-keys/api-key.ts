import { createHash, randomBytes } from "node:crypto";

/** Lets scanners of repositories and logs tell a key that got where it should not be. */
const prefix = "ff_";

/** A new key: 256 random bits. */
export function newApiKey(): string {
  return `${prefix}${randomBytes(32).toString("base64url")}`;
}

/**
 * SHA-256 of a key's text. A slow hash protects passwords, which can be guessed; 256 random bits cannot, and a slow
 * hash would only slow down every request.
 */
export function hashApiKey(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** A text with whatever looks like a key blotted out. */
export function withoutKeys(text: string): string {
  return text.replaceAll(/ff_[\w-]{20,}/g, "ff_...");
}
