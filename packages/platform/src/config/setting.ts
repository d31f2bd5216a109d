import { Value } from "typebox/value";

/** The parts of a setting's schema that reading and documenting it need. */
export interface SettingSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly description?: string;
  /** Its value is never printed. */
  readonly secret?: boolean;
  /** What is wrong with a value that has the right type, in words, if anything is. */
  faultOf?(value: unknown): string | undefined;
}

/**
 * Reads a setting from its text in the environment.
 * @returns the typed value, or a fault of the form "Expected X but received Z"
 */
export function readSetting(schema: SettingSchema, text: string): { value: unknown } | { fault: string } {
  const value = parse(schema, text);
  if (value !== undefined && Value.Check(schema as object, value)) {
    const fault = schema.faultOf?.(value);
    return fault === undefined ? { value } : { fault };
  }
  const received = schema.secret ? "a value that is not shown" : JSON.stringify(text);
  return { fault: `Expected ${expectation(schema)} but received ${received}` };
}

/** What a setting must be, in words. */
export function expectation(schema: SettingSchema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return `one of ${schema.enum.join(", ")}`;
  switch (schema.type) {
    case "integer":
      return `a whole number${range(schema)}`;
    case "number":
      return `a number${range(schema)}`;
    case "boolean":
      return "true or false";
    case "array":
      return "a list separated by commas";
    default:
      return `text${schema.format ? ` in the form of a ${schema.format}` : ""}${schema.pattern ? ` that matches ${schema.pattern}` : ""}`;
  }
}

function range({ minimum, maximum }: SettingSchema): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? "" : ` of at most ${maximum}`;
}

const decimal = /^-?\d+(\.\d+)?$/;
const booleans: Readonly<Record<string, boolean>> = { true: true, "1": true, false: false, "0": false };

function parse(schema: SettingSchema, text: string): unknown {
  switch (schema.type) {
    case "integer":
    case "number":
      return decimal.test(text) ? Number(text) : undefined;
    case "boolean":
      return booleans[text.toLowerCase()];
    case "array":
      return text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
    default:
      return text;
  }
}
