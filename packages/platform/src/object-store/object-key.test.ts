import { expect, it } from "vitest";
import { keyFault, nameOf } from "./object-key.js";

it.each([
  "own/a1",
  "/own/a1",
  "//own///a1",
  "\\own\\a1",
  "\\own\\/a1",
  "OWN/A1",
  "own/a1/",
  "own%2Fa1",
  "own%5ca1",
  "%6fwn/a1",
  "own%252Fa1",
  "ｏｗｎ／ａ１",
  "own＼a1",
  "ow\u200bn/a1",
  "own./a1 ",
  "own \t/a1",
])("%j may be taken for own/a1", (key) => {
  expect(nameOf(key)).toBe("own/a1");
});

it("tells apart what differs in letters, digits or folders", () => {
  const names = ["own/a1", "own/a2", "owna1", "my/own/a1", "own/ä1", "own/a/1", "", "own"].map(nameOf);
  expect(new Set(names).size).toBe(names.length);
  expect(nameOf("-/own")).not.toBe("own");
});

it("takes folds of letters for the same", () => {
  expect(nameOf("K\u0131\u017f/Stra\u00dfe")).toBe(nameOf("kis/STRASSE"));
  expect(nameOf("u\u0308")).toBe(nameOf("\u00fc"));
});

it.each(["..", "a/../b", "a\\..\\b", "%2e%2e/b", "a/%252e./b", "．．/b", "a／.", "./a"])(
  "%j leads elsewhere, and is no key",
  (key) => expect(keyFault(key)).toBe("without '.' and '..' segments"),
);

it.each(["a..b", "...", ".hidden/a", "a/100%.jpg", "a/%zz", "with spaces/ümläut+plus & percent %41.jpg", "a//b", "/a"])(
  "%j is a key",
  (key) => expect(keyFault(key)).toBeUndefined(),
);
