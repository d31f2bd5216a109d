import { expect, it } from "vitest";
import { assertFewNames } from "./json-names.js";

const refuses = (value: unknown, most: number) => {
  const json = Buffer.from(typeof value === "string" ? value : JSON.stringify(value));
  try {
    assertFewNames(json, most);
    return false;
  } catch {
    return true;
  }
};

it.each<[unknown, number]>([
  [{}, 0],
  [{ a: 1 }, 1],
  [{ a: { b: [{ c: 1 }, { c: 2 }] } }, 4],
  [{ "a:b": "c:d", 'e":': '":"' }, 2],
  [{ "\\": "\\\\", '\\"': ':\\":' }, 2],
  [[1, "a:", 'b"', "c\\"], 0],
  ['{"a"  :1,"b"\n:\t2}', 2],
  ['"', 0],
  ['{"a', 0],
])("counts the names of %j", (value, names) => {
  expect(refuses(value, names)).toBe(false);
  if (names > 0) expect(refuses(value, names - 1)).toBe(true);
});

it.each<[string, string]>([
  ["strings without a colon", JSON.stringify(Array(1_000_000).fill(""))],
  ["colons in strings", JSON.stringify([":".repeat(2_000_000), ":"])],
  ["escaped quotes", JSON.stringify(['"'.repeat(1_000_000)])],
  ["escapes", `["${"\\".repeat(2_000_000)}"]`],
  ["numbers", JSON.stringify(Array(1_000_000).fill(0))],
  ["quotes", '"'.repeat(2_000_000)],
])("looks at %s once", (_, text) => {
  const started = performance.now();
  assertFewNames(Buffer.from(text));
  // What is quadratic takes minutes.
  expect(performance.now() - started).toBeLessThan(5000);
});
