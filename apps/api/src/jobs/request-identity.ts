import { createHash } from "node:crypto";

/**
 * A digest of what a request asks for, in which the order does not count that a caller gave the names within a field. That
 * of the fields themselves is ours, and has to stay: digests are compared with those of requests a day ago.
 */
export function identityDigest(...parts: readonly unknown[]): string {
  const identity = parts.map((part) => (isRecord(part) ? mapValues(part, inOrder) : inOrder(part)));
  return createHash("sha256").update(JSON.stringify(identity)).digest("hex");
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isRecord(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, inOrder(value[name])]));
}

function mapValues(record: Record<string, unknown>, map: (value: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
