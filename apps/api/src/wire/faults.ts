import type { Problem } from "@facefleet/contracts";
import { Value } from "typebox/value";
import { expectation, shown } from "./expectation.js";

export type Fault = NonNullable<Problem["errors"]>[number];

/** The keywords of JSON Schema that the contracts use. */
export interface JsonSchema {
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: unknown;
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>;
  readonly maxProperties?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** As many faults as an answer lists; a hostile body could hold millions. */
const maxFaults = 20;

/**
 * Says what is wrong with a value, in words made for the caller. A validator's own messages complain
 * about every branch of a union; here the branch that was meant is found first.
 *
 * @returns nothing for a valid value, else at most 20 faults; `path` is a JSON pointer
 */
export function findFaults(schema: JsonSchema, value: unknown): Fault[] {
  const faults: Fault[] = [];
  for (const fault of faultsAt(schema, value, "")) {
    faults.push(fault);
    if (faults.length === maxFaults) break;
  }
  return faults;
}

function* faultsAt(schema: JsonSchema, value: unknown, path: string): Generator<Fault> {
  if (schema.anyOf) yield* unionFaults(schema.anyOf, value, path);
  else if (schema.type === "object" && isRecord(value)) yield* objectFaults(schema, value, path);
  else if (schema.type === "array" && Array.isArray(value)) yield* arrayFaults(schema, value, path);
  else if (!Value.Check(schema as object, value)) yield mismatch(expectation(schema), value, path);
}

function* unionFaults(branches: readonly JsonSchema[], value: unknown, path: string): Generator<Fault> {
  if (branches.some((branch) => agrees(branch, value))) return;
  const meant = meantBranch(branches, value);
  const name = isRecord(value) ? discriminator(branches, value) : undefined;
  if (meant) yield* faultsAt(meant, value, path);
  else if (name) yield mismatch(unionOf(branches, name), (value as Record<string, unknown>)[name], at(path, name));
  else yield mismatch(branches.map(expectation).join(" or "), value, path);
}

/** The field that tells the branches apart, if the value has it, with what no branch takes. */
function discriminator(branches: readonly JsonSchema[], value: Record<string, unknown>): string | undefined {
  const isTaken = (name: string) => branches.some(({ properties }) => agrees(properties?.[name], value[name]));
  const [first = {}, ...others] = branches;
  return fixedFields(first).find(
    (name) =>
      Object.hasOwn(value, name) && others.every((branch) => fixedFields(branch).includes(name)) && !isTaken(name),
  );
}

function unionOf(branches: readonly JsonSchema[], name: string): string {
  const values = branches.flatMap(({ properties }) => properties?.[name]?.enum ?? [properties?.[name]?.const]);
  return expectation({ enum: [...new Set(values)] });
}

/** The only branch whose fixed fields agree with the value, or else the only one whose own fields it carries. */
function meantBranch(branches: readonly JsonSchema[], value: unknown): JsonSchema | undefined {
  if (!isRecord(value)) return undefined;
  const possible = branches.filter((branch) => fixedFieldsAgree(branch, value));
  if (possible.length <= 1) return possible[0];
  const isShared = (name: string) => possible.every(({ required }) => required?.includes(name));
  const carried = possible.filter(({ required }) =>
    required?.some((name) => Object.hasOwn(value, name) && !isShared(name)),
  );
  return carried.length === 1 ? carried[0] : undefined;
}

/** A fixed field that is not there disagrees with nothing. */
function fixedFieldsAgree(branch: JsonSchema, value: Record<string, unknown>): boolean {
  return fixedFields(branch).every(
    (name) => !Object.hasOwn(value, name) || agrees(branch.properties?.[name], value[name]),
  );
}

function agrees(schema: JsonSchema | undefined, value: unknown): boolean {
  return Value.Check(schema as object, value);
}

/** The required fields that have only certain values. */
function fixedFields({ required = [], properties = {} }: JsonSchema): string[] {
  return required.filter((name) => properties[name]?.const !== undefined || properties[name]?.enum !== undefined);
}

/** What is there first, then what is missing, then what is nobody's: the first fault is what an answer says in short. */
function* objectFaults(schema: JsonSchema, value: Record<string, unknown>, path: string): Generator<Fault> {
  const names = Object.keys(value);
  if (names.length > (schema.maxProperties ?? Number.POSITIVE_INFINITY)) {
    // What is wrong with each of them is not to be looked for: there may be any number.
    return yield mismatch(`at most ${schema.maxProperties} fields`, value, path);
  }
  for (const name of names) {
    const field = fieldSchema(schema, name);
    if (field) yield* faultsAt(field, value[name], at(path, name));
  }
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name))
      yield mismatch(expectation(schema.properties?.[name] ?? {}), undefined, at(path, name));
  }
  if (schema.additionalProperties !== false) return;
  for (const name of names) if (!fieldSchema(schema, name)) yield unknownField(schema, name, path);
}

function fieldSchema(schema: JsonSchema, name: string): JsonSchema | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, name)) return schema.properties[name];
  return Object.entries(schema.patternProperties ?? {}).find(([pattern]) => regExpOf(pattern).test(name))?.[1];
}

const regExps = new Map<string, RegExp>();

/** Those of the contracts, each made once. */
function regExpOf(pattern: string): RegExp {
  const known = regExps.get(pattern) ?? new RegExp(pattern, "u");
  regExps.set(pattern, known);
  return known;
}

function* arrayFaults(schema: JsonSchema, value: readonly unknown[], path: string): Generator<Fault> {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, items } = schema;
  if (value.length < minItems || value.length > maxItems) yield mismatch(expectation(schema), value, path);
  else if (items) for (const [index, item] of value.entries()) yield* faultsAt(items, item, at(path, index));
}

function mismatch(expected: string, received: unknown, path: string): Fault {
  return { path, message: `Expected ${expected} for ${path || "the body"} but received ${shown(received)}` };
}

function unknownField(schema: JsonSchema, name: string, path: string): Fault {
  const known = Object.keys(schema.properties ?? {});
  const expected = known.length > 0 ? `only the fields ${known.join(", ")}` : "names of 1 to 64 characters";
  return {
    path: at(path, name),
    message: `Expected ${expected} in ${path || "the body"} but received ${shown(name)}`,
  };
}

function at(path: string, name: string | number): string {
  return `${path}/${String(name).slice(0, 80).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
