import { createHash } from "node:crypto";
import type { Redis } from "ioredis";

/** What a script can be given as one argument. With "?" it may be missing, and is nil in Lua then, as "" is. */
interface Scalars {
  text: string;
  "text?": string | undefined;
  number: number;
  "number?": number | undefined;
  flag: boolean;
}
type Scalar = keyof Scalars;
type Row = Readonly<Record<string, Scalar>>;

/** A key, several that belong together by name, or any number of them, which come last. */
type KeySpec = "key" | "keys" | Readonly<Record<string, "key">>;
/** An argument, or a list of them: of scalars, or of rows that name theirs. */
type ArgumentSpec = Scalar | readonly [Scalar] | readonly [Row];
type KeySpecs = Readonly<Record<string, KeySpec>>;
type ArgumentSpecs = Readonly<Record<string, ArgumentSpec>>;

type KeyValue<Spec> = Spec extends "key"
  ? string
  : Spec extends "keys"
    ? readonly string[]
    : { readonly [Name in keyof Spec]: string };
type RowValue<Spec> = Spec extends Scalar
  ? Scalars[Spec]
  : { readonly [Name in keyof Spec]: Scalars[Spec[Name] & Scalar] };
type ArgumentValue<Spec> = Spec extends readonly [infer Of] ? readonly RowValue<Of>[] : RowValue<Spec>;
type Keys<Specs> = { readonly [Name in keyof Specs]: KeyValue<Specs[Name]> };
type Arguments<Specs> = { readonly [Name in keyof Specs]: ArgumentValue<Specs[Name]> };

/** Lua that scripts share: functions, and the names that these need. `KeyValues` and `ArgumentValues` exist as types only. */
export interface Part<KeyValues = unknown, ArgumentValues = unknown> {
  readonly keys: KeySpecs;
  readonly args: ArgumentSpecs;
  readonly uses: readonly Part[];
  readonly lua: string;
  readonly values?: { readonly keys: KeyValues; readonly args: ArgumentValues };
}

/** What parts need all together. */
type Sum<Parts, What extends "keys" | "args"> = Parts extends readonly [infer First, ...infer Rest]
  ? (First extends Part<infer KeyValues, infer ArgumentValues>
      ? { keys: KeyValues; args: ArgumentValues }[What]
      : unknown) &
      Sum<Rest, What>
  : unknown;

interface Spec<K extends KeySpecs, A extends ArgumentSpecs, Parts extends readonly Part[]> {
  readonly keys?: K;
  readonly args?: A;
  readonly uses?: Parts;
}

/** What scripts run with. */
export type KeysOf<S> = S extends { readonly values?: { readonly keys: infer KeyValues } } ? KeyValues : never;
export type ArgumentsOf<S> = S extends { readonly values?: { readonly args: infer ArgumentValues } }
  ? ArgumentValues
  : never;

// biome-ignore lint/complexity/noBannedTypes: no name at all
type None = {};

export function part<
  const K extends KeySpecs = None,
  const A extends ArgumentSpecs = None,
  const Parts extends readonly Part[] = [],
>(spec: Spec<K, A, Parts>, lua: string): Part<Keys<K> & Sum<Parts, "keys">, Arguments<A> & Sum<Parts, "args">> {
  return { keys: spec.keys ?? {}, args: spec.args ?? {}, uses: spec.uses ?? [], lua };
}

/** Says what a script answers with, for `answer` of its spec. */
export function as<Answer>(): { readonly type?: Answer } {
  return {};
}

/**
 * A script of which keys and arguments go by name: each name of its own spec and of the parts that it uses is a local
 * variable in Lua. Names that several parts need are one.
 */
export function script<
  const K extends KeySpecs = None,
  const A extends ArgumentSpecs = None,
  const Parts extends readonly Part[] = [],
  Answer = number,
>(
  spec: Spec<K, A, Parts> & { readonly answer?: { readonly type?: Answer } },
  lua: string,
): Script<Keys<K> & Sum<Parts, "keys">, Arguments<A> & Sum<Parts, "args">, Answer> {
  return new Script(part(spec, lua));
}

type AnyScript = Pick<Script<never, never, unknown>, "keys" | "args" | "lua" | "prologue" | "run">;

const defined: AnyScript[] = [];

/** Every script that has been defined, for whoever checks them all. */
export function definedScripts(): readonly AnyScript[] {
  return defined;
}

/** One step that nothing comes between. Sent until Redis has it, then named by its digest. */
export class Script<KeyValues, ArgumentValues, Answer> {
  readonly keys: KeySpecs;
  readonly args: ArgumentSpecs;
  /** The whole, which begins with the prologue: what gives keys and arguments their names. */
  readonly lua: string;
  readonly prologue: string;
  readonly #sha1: string;
  /** The connections whose Redis has it. */
  readonly #sentBy = new WeakSet<Redis>();
  declare readonly values?: { readonly keys: KeyValues; readonly args: ArgumentValues };

  constructor(own: Part) {
    const parts = partsOf(own);
    this.keys = merged(parts.map(({ keys }) => keys));
    this.args = merged(parts.map(({ args }) => args));
    this.prologue = [bindKeys(this.keys), bindArguments(this.args), ""].join("\n");
    this.lua = this.prologue + parts.map(({ lua }) => lua.trim()).join("\n");
    this.#sha1 = createHash("sha1").update(this.lua).digest("hex");
    defined.push(this);
  }

  async run(redis: Redis, keys: KeyValues, args: ArgumentValues): Promise<Answer> {
    const places = sentKeys(this.keys, keys as Readonly<Record<string, unknown>>);
    const values = sentArguments(this.args, args as Readonly<Record<string, unknown>>);
    // Whole until it is known to be there: sent again after a refusal, it would come after those that were sent later.
    if (!this.#sentBy.has(redis)) return await this.#send(redis, places, values);
    try {
      return (await redis.evalsha(this.#sha1, places.length, ...places, ...values)) as Answer;
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
      return await this.#send(redis, places, values);
    }
  }

  async #send(redis: Redis, places: string[], values: (string | number)[]): Promise<Answer> {
    const answer = await redis.eval(this.lua, places.length, ...places, ...values);
    this.#sentBy.add(redis);
    return answer as Answer;
  }
}

/** A part after all that it uses, each once. */
function partsOf(own: Part): Part[] {
  return [...new Set([...own.uses.flatMap(partsOf), own])];
}

function merged<T extends KeySpec | ArgumentSpec>(specs: readonly Readonly<Record<string, T>>[]): Record<string, T> {
  const all: Record<string, T> = {};
  for (const [name, spec] of specs.flatMap((one) => Object.entries(one))) {
    const known = all[name];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(spec)) {
      throw new TypeError(`Expected one meaning of ${name} in a script but there are two`);
    }
    all[name] = spec;
  }
  return all;
}

function keyEntries(specs: KeySpecs): [string, KeySpec][] {
  const entries = Object.entries(specs);
  return [...entries.filter(([, spec]) => spec !== "keys"), ...entries.filter(([, spec]) => spec === "keys")];
}

function bindKeys(specs: KeySpecs): string {
  const entries = keyEntries(specs);
  if (entries.filter(([, spec]) => spec === "keys").length > 1)
    throw new TypeError("Expected one list of keys at most");
  let at = 0;
  const next = () => `KEYS[${++at}]`;
  return locals(
    entries.map(([name, spec]) => {
      if (spec === "key") return [name, next()];
      if (spec === "keys") return [name, `{unpack(KEYS, ${at + 1})}`];
      return [name, `{${Object.keys(spec).map((one) => `${one} = ${next()}`)}}`];
    }),
  );
}

function sentKeys(specs: KeySpecs, values: Readonly<Record<string, unknown>>): string[] {
  return keyEntries(specs).flatMap(([name, spec]) => {
    if (typeof spec === "string") return values[name] as string | string[];
    const group = values[name] as Readonly<Record<string, string>>;
    return Object.keys(spec).map((one) => group[one]!);
  });
}

/** Lists come after the other arguments, each after how long it is. */
function bindArguments(specs: ArgumentSpecs): string {
  const scalars = Object.entries(specs).flatMap(([name, spec]) => (typeof spec === "string" ? [{ name, spec }] : []));
  const lists = Object.entries(specs).flatMap(([name, spec]) =>
    typeof spec === "string" ? [] : [{ name, of: spec[0] }],
  );
  const bound = locals(scalars.map(({ name, spec }, index) => [name, read(spec, `ARGV[${index + 1}]`)]));
  if (lists.length === 0) return bound;
  const steps = lists.flatMap(({ name, of }) => [
    bindList(name, of),
    `nextArgument = nextArgument + 1 + #${name} * ${widthOf(of)}`,
  ]);
  return [bound, `local nextArgument = ${scalars.length + 1}`, ...steps.slice(0, -1)].join("\n");
}

function bindList(name: string, of: Scalar | Row): string {
  const width = widthOf(of);
  const place = (column: number) => `ARGV[nextArgument + row * ${width} - ${width - column - 1}]`;
  const columns = typeof of === "string" ? [] : Object.entries(of);
  const row =
    typeof of === "string"
      ? read(of, place(0))
      : `{${columns.map(([column, spec], index) => `${column} = ${read(spec, place(index))}`)}}`;
  return `local ${name} = {}
for row = 1, tonumber(ARGV[nextArgument]) do ${name}[row] = ${row} end`;
}

function sentArguments(specs: ArgumentSpecs, values: Readonly<Record<string, unknown>>): (string | number)[] {
  const scalars: (string | number)[] = [];
  const lists: (string | number)[] = [];
  for (const [name, spec] of Object.entries(specs)) {
    if (typeof spec === "string") scalars.push(sent(values[name]));
    else addList(lists, spec[0], values[name] as readonly unknown[]);
  }
  return scalars.concat(lists);
}

function addList(to: (string | number)[], of: Scalar | Row, list: readonly unknown[]): void {
  to.push(list.length);
  const columns = typeof of === "string" ? undefined : Object.keys(of);
  for (const row of list) {
    if (columns) for (const column of columns) to.push(sent((row as Readonly<Record<string, unknown>>)[column]));
    else to.push(sent(row));
  }
}

function sent(value: unknown): string | number {
  return typeof value === "boolean" ? Number(value) : ((value ?? "") as string | number);
}

function read(spec: Scalar, place: string): string {
  switch (spec) {
    case "text":
      return place;
    case "text?":
      return `${place} ~= "" and ${place} or nil`;
    case "number":
    case "number?":
      return `tonumber(${place})`;
    case "flag":
      return `${place} == "1"`;
  }
}

function widthOf(of: Scalar | Row): number {
  return typeof of === "string" ? 1 : Object.keys(of).length;
}

function locals(bindings: readonly (readonly [name: string, value: string])[]): string {
  if (bindings.length === 0) return "";
  return `local ${bindings.map(([name]) => name).join(", ")} = ${bindings.map(([, value]) => value).join(", ")}`;
}

/**
 * Begins a script that leaves Redis no fuller than it was, or makes room for what does: a full Redis stops a script at
 * its first write that takes memory, but deletes for whoever asks, and lets a script that has begun to write go on.
 */
export const full = part(
  {},
  `
local function evenWhenFull(key)
  redis.call("DEL", key .. ":none")
end`,
);

/** What time it is for all processes, in milliseconds since 1970, and a whole number as Redis takes it. */
export const clock = part(
  {},
  `
local function now()
  local time = redis.call("TIME")
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function whole(number)
  return string.format("%.0f", number)
end`,
);
