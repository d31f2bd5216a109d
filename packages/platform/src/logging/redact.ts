/** Keys whose values never reach the log, at whatever depth. */
const hiddenKeys = [
  "authorization",
  "cookie",
  "secret",
  "password",
  "signature",
  "embedding",
  "embedding1",
  "embedding2",
  "embeddings",
  "REDIS_URL",
  "S3_SECRET_ACCESS_KEY",
];
const hidden = new Set(hiddenKeys);
/** Also what ends a structure that contains itself. */
const maxDepth = 8;

/**
 * For what does not pass through `redactFields`: the bindings of child loggers, and what serializers make.
 * Paths in pino's notation, two levels deep.
 */
export const redactedPaths = [
  ...hiddenKeys.flatMap((key) => [key, `*.${key}`]),
  "req.headers.authorization",
  "req.headers.cookie",
];

/** A copy of the fields of a log line with secrets, embeddings and binary data taken out of plain objects and arrays. */
export function redactFields(fields: Record<string, unknown>): Record<string, unknown> {
  return redactEntries(fields, maxDepth);
}

function redactEntries(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, hidden.has(key) ? "[redacted]" : redact(value, depth)]),
  );
}

function redact(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  const walked = Array.isArray(value) || isPlain(value);
  if (!walked) return value;
  if (depth === 0) return "[deeper]";
  return Array.isArray(value) ? value.map((item) => redact(item, depth - 1)) : redactEntries(value, depth - 1);
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
