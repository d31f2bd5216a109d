import { describe, expect, it } from "vitest";
import { counting } from "../../test/models/tiny-pack.js";
import { float32At, permuteAxes, reshape } from "./tensor.js";

describe("permuteAxes", () => {
  it("puts every number where the order says", () => {
    const shape = [2, 3, 4, 5];
    const { shape: permuted, data } = permuteAxes({ shape, data: counting(shape) }, [0, 3, 1, 2]);
    expect(permuted).toEqual([2, 5, 3, 4]);
    for (let a = 0; a < 2; a++)
      for (let b = 0; b < 3; b++)
        for (let c = 0; c < 4; c++)
          for (let d = 0; d < 5; d++) expect(data[((a * 5 + d) * 3 + b) * 4 + c]).toBe(((a * 3 + b) * 4 + c) * 5 + d);
  });

  it("transposes a matrix", () => {
    expect([...permuteAxes({ shape: [2, 3], data: counting([2, 3]) }, [1, 0]).data]).toEqual([0, 3, 1, 4, 2, 5]);
  });
});

describe("reshape", () => {
  it("refuses a shape of another size", () => {
    expect(() => reshape({ shape: [6], data: counting([6]) }, [2, 2])).toThrow("Expected 6 elements");
  });
});

describe("float32At", () => {
  it("reads from an unaligned slice", () => {
    const bytes = Buffer.concat([Buffer.from([7]), Buffer.from(new Float32Array([1.5, -2]).buffer)]);
    expect([...float32At(bytes.subarray(1), 0, 2)]).toEqual([1.5, -2]);
  });
});
