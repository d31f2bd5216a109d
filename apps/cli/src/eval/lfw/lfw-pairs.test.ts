import { describe, expect, it } from "vitest";
import { parseLfwPairs } from "./lfw-pairs.js";

describe("parseLfwPairs", () => {
  it("reads folds of same and different pairs", () => {
    const text = "2\t1\nAda\t1\t12\nAda\t1\tBob\t3\r\nCy\t2\t3\nCy\t2\tDi\t1\n";
    expect(parseLfwPairs(text, "/lfw")).toEqual([
      [
        { first: "/lfw/Ada/Ada_0001.jpg", second: "/lfw/Ada/Ada_0012.jpg", same: true },
        { first: "/lfw/Ada/Ada_0001.jpg", second: "/lfw/Bob/Bob_0003.jpg", same: false },
      ],
      [
        { first: "/lfw/Cy/Cy_0002.jpg", second: "/lfw/Cy/Cy_0003.jpg", same: true },
        { first: "/lfw/Cy/Cy_0002.jpg", second: "/lfw/Di/Di_0001.jpg", same: false },
      ],
    ]);
  });

  it("takes a header of one number for one fold", () => {
    expect(parseLfwPairs("1\nAda 1 2\nAda 1 Bob 3\n", "/lfw").map((fold) => fold.length)).toEqual([2]);
  });

  it.each([
    ["", /Expected "<folds> <pairs>" .* received ""/],
    ["ten 300\n", /received "ten 300"/],
    ["1 1\nAda 1 2\n", /Expected 2 pairs .* but received 1/],
    ["1 1\nAda 1 2\nAda 1 Bob x\n", /Expected "<name> <n> <m>" .* received "Ada 1 Bob x"/],
    ["1 1\nAda 1 2\nAda 1\n", /received "Ada 1"/],
  ])("refuses %j", (text, message) => {
    expect(() => parseLfwPairs(text, "/lfw")).toThrow(message);
  });
});
