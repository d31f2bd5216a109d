/** A setting, in the words of JSON Schema: what its text in the environment has to be. */
export interface Setting {
  readonly type?: "string" | "integer" | "number" | "boolean" | "array";
  /** The words that it may be, in place of a type. */
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  /** Without one it may be left out. */
  readonly default?: string | number | boolean;
  readonly description: string;
  /** Its value is never printed. */
  readonly secret?: boolean;
  /** What is wrong with a value that has the right type, in words, if anything is. */
  faultOf?(value: unknown): string | undefined;
}

/** Settings by the names of their variables. */
export type Settings = Readonly<Record<string, Setting>>;

/** The values of settings. */
export type Config<S extends Settings> = {
  readonly [Name in keyof S as S[Name] extends { readonly default: unknown } ? Name : never]: ValueOf<S[Name]>;
} & {
  readonly [Name in keyof S as S[Name] extends { readonly default: unknown } ? never : Name]?: ValueOf<S[Name]>;
};

type ValueOf<S extends Setting> = S extends { readonly enum: readonly (infer Word)[] }
  ? Word
  : S extends { readonly type: "integer" | "number" }
    ? number
    : S extends { readonly type: "boolean" }
      ? boolean
      : S extends { readonly type: "array" }
        ? readonly string[]
        : string;

/**
 * Reads a setting from its text in the environment.
 * @returns the typed value, or a fault of the form "Expected X but received Z"
 */
export function readSetting(setting: Setting, text: string): { value: unknown } | { fault: string } {
  const value = parse(setting, text);
  if (value !== undefined) {
    const fault = setting.faultOf?.(value);
    return fault === undefined ? { value } : { fault };
  }
  const received = setting.secret ? "a value that is not shown" : JSON.stringify(text);
  return { fault: `Expected ${expectation(setting)} but received ${received}` };
}

/** What a setting must be, in words. */
function expectation({ type, enum: words, pattern, ...limits }: Setting): string {
  if (words) return `one of ${words.join(", ")}`;
  switch (type) {
    case "integer":
      return `a whole number${range(limits)}`;
    case "number":
      return `a number${range(limits)}`;
    case "boolean":
      return "true or false";
    case "array":
      return "a list separated by commas";
    default:
      return `text${pattern ? ` that matches ${pattern}` : ""}`;
  }
}

function range({ minimum, maximum }: Pick<Setting, "minimum" | "maximum">): string {
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return ` of at least ${minimum}`;
  return maximum === undefined ? "" : ` of at most ${maximum}`;
}

const decimal = /^-?\d+(\.\d+)?$/;
const booleans = new Map([
  ["true", true],
  ["1", true],
  ["false", false],
  ["0", false],
]);

/** The value of a text; undefined when it is none that the setting may have. */
function parse({ type, enum: words, pattern, minimum, maximum }: Setting, text: string): unknown {
  if (words) return words.find((word) => word === text);
  switch (type) {
    case "integer":
    case "number":
      return numberIn(text, { whole: type === "integer", minimum, maximum });
    case "boolean":
      return booleans.get(text.toLowerCase());
    case "array":
      return text
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
    default:
      return pattern === undefined || new RegExp(pattern, "u").test(text) ? text : undefined;
  }
}

function numberIn(
  text: string,
  limits: { readonly whole: boolean; readonly minimum: number | undefined; readonly maximum: number | undefined },
): number | undefined {
  const { whole, minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = limits;
  const value = decimal.test(text) ? Number(text) : Number.NaN;
  const fits = Number.isFinite(value) && value >= minimum && value <= maximum;
  return fits && (!whole || Number.isInteger(value)) ? value : undefined;
}
