import { serializeError } from "./serialize-error.js";

/** Keys whose values never reach the log, at whatever depth. */
const hidden = new Set([
  "authorization",
  "Authorization",
  "cookie",
  "secret",
  "password",
  "signature",
  "embedding",
  "embedding1",
  "embedding2",
  "embeddings",
  "crop",
  "REDIS_URL",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "S3_SECRET_ACCESS_KEY",
]);
/** Also what ends a structure that contains itself. */
const maxDepth = 8;

/**
 * The fields of a log line with secrets, embeddings and binary data taken out, wherever they are in plain
 * objects and arrays, and out of the own fields of other objects. Pino's `redact` costs a line twice as much as all
 * the rest of it.
 */
export function redactFields(fields: object): Record<string, unknown> {
  return isPlainToSee(fields) ? fields : redactEntries(fields, maxDepth);
}

/** Whether there is nothing to take out, as of most lines. */
function isPlainToSee(fields: object): fields is Record<string, unknown> {
  for (const [key, value] of Object.entries(fields)) {
    if (hidden.has(key) || (typeof value === "object" && value !== null)) return false;
  }
  return true;
}

function redactEntries(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, hidden.has(key) ? "[redacted]" : redact(value, depth)]),
  );
}

function redact(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Error) return serializeError(value);
  const isArray = Array.isArray(value);
  if (!isArray && !isPlain(value)) return withoutHidden(value);
  if (depth === 0) return "[deeper]";
  return isArray ? value.map((item) => redact(item, depth - 1)) : redactEntries(value, depth - 1);
}

/** What may be large, or write itself as something else, is copied only if it has to be. */
function withoutHidden(value: object): object {
  const keys = Object.keys(value).filter((key) => hidden.has(key));
  return keys.length === 0 ? value : { ...value, ...Object.fromEntries(keys.map((key) => [key, "[redacted]"])) };
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
