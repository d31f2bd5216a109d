import { part } from "../redis/script.js";

/** Where a text is that is too large for Redis: an object of the service's own. */
export interface StoredText {
  readonly id: string;
  readonly bytes: number;
}

/** A result, or a line of a batch's results, as JSON: itself, or where it is. */
export type KeptText = string | StoredText;

/** No JSON of ours begins so. */
const mark = "@";

/** As a field of Redis holds it. */
export function fieldOf(kept: KeptText): string {
  return typeof kept === "string" ? kept : `${mark}${kept.id} ${kept.bytes}`;
}

export function keptTextOf(field: string): KeptText {
  if (!field.startsWith(mark)) return field;
  const [id = "", bytes] = field.slice(mark.length).split(" ");
  return { id, bytes: Number(bytes) };
}

export function isStored(kept: KeptText): kept is StoredText {
  return typeof kept !== "string";
}

/** A Lua function: the id and the bytes of the object that a field points to, if it does. */
export const storedId = part(
  {},
  `
local function storedId(field)
  if field then return string.match(field, "^${mark}(%x+) (%d+)$") end
end`,
);
