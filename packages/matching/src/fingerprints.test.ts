import { expect, it } from "vitest";
import { expectSameFingerprint } from "./fingerprints.js";

it("refuses two fingerprints that differ, and names both", () => {
  expect(() => expectSameFingerprint("aa", "bb")).toThrow(
    expect.objectContaining({ code: "fingerprint_mismatch", detail: expect.stringContaining("aa and bb") }),
  );
});

it.each([
  ["aa", "aa"],
  ["aa", undefined],
  [undefined, "bb"],
  [undefined, undefined],
])("lets %s and %s through", (first, second) => {
  expect(() => expectSameFingerprint(first, second)).not.toThrow();
});
