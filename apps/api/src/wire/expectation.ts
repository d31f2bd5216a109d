import type { JsonSchema } from "./faults.js";

/** What a schema asks for, in words: "an integer from 12 to 2000". */
export function expectation(schema: JsonSchema): string {
  if (schema.const !== undefined) return shown(schema.const);
  if (schema.enum) return `one of ${schema.enum.map(shown).join(", ")}`;
  if (schema.anyOf) return schema.anyOf.map(expectation).join(" or ");
  const write = schema.type === undefined ? undefined : writers[schema.type];
  return write ? write(schema) : "a value";
}

const writers: Readonly<Record<string, (schema: JsonSchema) => string>> = {
  object: ({ required = [] }) => (required.length > 0 ? `an object with ${required.join(" and ")}` : "an object"),
  array: ({ minItems, maxItems }) => `a list${range(minItems, maxItems, " of ", " items")}`,
  integer: ({ minimum, maximum }) => `an integer${range(minimum, maximum)}`,
  number: ({ minimum, maximum }) => `a finite number${range(minimum, maximum)}`,
  boolean: () => "true or false",
  string: ({ minLength, maxLength, pattern }) =>
    `a string${range(minLength, maxLength, " of ", " characters")}${pattern ? ` that matches ${pattern}` : ""}`,
};

function range(low: number | undefined, high: number | undefined, before = " ", after = ""): string {
  if (low !== undefined && low === high) return `${before}${low}${after}`;
  if (low !== undefined && high !== undefined) return `${before === " " ? " from " : before}${low} to ${high}${after}`;
  if (low !== undefined) return `${before}at least ${low}${after}`;
  return high === undefined ? "" : `${before}at most ${high}${after}`;
}

/** A received value, short enough for a message. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${value.length} items`;
  if (typeof value === "object" && value !== null) return shownObject(Object.keys(value));
  if (typeof value !== "string") return String(value);
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}...` : value);
}

function shownObject(names: readonly string[]): string {
  if (names.length === 0) return "an empty object";
  if (names.length > 3) return `an object with ${names.length} fields`;
  return `an object with ${names.map((name) => (name.length > 60 ? `${name.slice(0, 60)}...` : name)).join(" and ")}`;
}
