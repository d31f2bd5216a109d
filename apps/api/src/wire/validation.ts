import { Readable } from "node:stream";
import { ProblemError } from "@facefleet/contracts";
import type { FastifySchemaCompiler } from "fastify";
import type { Static, TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { findFaults, type JsonSchema } from "./faults.js";

/**
 * The validator of every route: strict (nothing is removed, and nothing in a body is converted), with the same engine that
 * checks payloads on the worker's side. Bodies that were left as bytes are read, and checked, by their route.
 */
export const compileValidator: FastifySchemaCompiler<TSchema> = ({ schema, httpPart, ...rest }) => {
  if ("contentType" in rest && rest.contentType === "multipart/form-data") return () => true;
  const check = validator(schema);
  const read = httpPart === "querystring" ? (value: unknown) => numbersOf(schema as JsonSchema, value) : asReceived;
  return (value) => {
    if (value instanceof Readable || Buffer.isBuffer(value)) return true;
    try {
      return { value: check(read(value)) };
    } catch (error) {
      return { error: error as Error };
    }
  };
};

/**
 * Makes a function that gives a valid value back.
 * @throws ProblemError invalid_request with every fault
 */
export function validator<S extends TSchema>(schema: S): (value: unknown) => Static<S> {
  const compiled = Compile(schema);
  return (value) => {
    if (compiled.Check(value)) return value as Static<S>;
    const errors = findFaults(schema as JsonSchema, value);
    throw new ProblemError("invalid_request", errors[0]?.message, { extras: { errors } });
  };
}

/** Fastify gives null where no body came; JSON's own null is the same fault. */
function asReceived(value: unknown): unknown {
  return value ?? undefined;
}

/** A query holds only strings: those of numeric fields are read as decimal numbers, if they are. */
function numbersOf(schema: JsonSchema, query: unknown): unknown {
  return Object.fromEntries(
    Object.entries(query as Record<string, unknown>).map(([name, value]) => [
      name,
      isNumeric(schema.properties?.[name]) && typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)
        ? Number(value)
        : value,
    ]),
  );
}

function isNumeric(schema: JsonSchema | undefined): boolean {
  return schema?.type === "integer" || schema?.type === "number";
}
