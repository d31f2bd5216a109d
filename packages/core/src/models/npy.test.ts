import { describe, expect, it } from "vitest";
import { counting, encodeNpy } from "../../test/models/tiny-pack.js";
import { parseNpy } from "./npy.js";

describe("parseNpy", () => {
  it.each([[[4]], [[2, 3]], [[2, 1, 3, 2]]])("reads the shape and the numbers of %j", (shape) => {
    expect(parseNpy(encodeNpy(shape), "x.npy")).toEqual({ shape, data: counting(shape) });
  });

  it("reads a version 2 header, whose length has four bytes", () => {
    const one = encodeNpy([3]);
    const two = Buffer.concat([
      one.subarray(0, 6),
      Buffer.from([2, 0]),
      one.subarray(8, 10),
      Buffer.alloc(2),
      one.subarray(10),
    ]);
    expect(parseNpy(two, "x.npy")).toEqual({ shape: [3], data: counting([3]) });
  });

  it.each([
    ["another dtype", encodeNpy([2], counting([2]), "<f8"), "Expected float32 in C order in x.npy"],
    [
      "Fortran order",
      Buffer.from(encodeNpy([2]).toString("latin1").replace("False", "True "), "latin1"),
      "Expected float32 in C order",
    ],
    ["too few numbers", encodeNpy([4]).subarray(0, -4), "Expected 4 numbers in x.npy but received 3"],
    ["another kind of file", Buffer.from("<!doctype html><title>404</title>"), "Expected a .npy file for x.npy"],
    ["nothing", Buffer.alloc(0), "Expected a .npy file for x.npy"],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => parseNpy(bytes, "x.npy")).toThrow(message);
  });
});
