import { expect, test } from "vitest";
import { restoreRemovedPredicates } from "./removed-predicates.js";

type Util = Record<"isNullOrUndefined" | "isArray", (value: unknown) => boolean>;

test("a util without the predicates, as in Node 23 and newer, gets them", () => {
  const util = {} as Util;
  restoreRemovedPredicates(util);
  expect([undefined, null, 0, "", false].map(util.isNullOrUndefined)).toEqual([true, true, false, false, false]);
  expect([[], {}, undefined, "ab"].map(util.isArray)).toEqual([true, false, false, false]);
});

test("a util that has them keeps its own", () => {
  const own: Util = { isNullOrUndefined: () => true, isArray: () => true };
  const util = { ...own };
  restoreRemovedPredicates(util);
  expect(util).toEqual(own);
});
