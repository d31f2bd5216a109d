import * as contracts from "@facefleet/contracts";
import { type Static, type TSchema, type TUnsafe, Type } from "typebox";

type Named = TSchema & { readonly $id: string };

/** Every contract schema with a name, once, with the named ones inside replaced by references. */
export const components: readonly object[] = [...new Set<unknown>(Object.values(contracts))]
  .filter(isNamed)
  .map(({ $id, ...body }) => ({ $id, ...(withReferences(body) as object) }));

/**
 * Stands for a contract schema where an answer or a document names it instead of repeating it.
 *
 * @param description what it means that this is the answer
 */
export function refer<S extends TSchema & { $id?: string }>(schema: S, description?: string): TUnsafe<Static<S>> {
  const reference = withReferences(schema) as TSchema;
  return Type.Unsafe<Static<S>>(description === undefined ? reference : { ...reference, description });
}

/** Replaces each named schema in a schema by a reference to its component. */
export function withReferences(node: unknown): unknown {
  if (isNamed(node)) return { $ref: `${node.$id}#` };
  if (Array.isArray(node)) return node.map(withReferences);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, withReferences(value)]),
  );
}

function isNamed(node: unknown): node is Named {
  return typeof node === "object" && node !== null && "$id" in node && typeof node.$id === "string";
}
