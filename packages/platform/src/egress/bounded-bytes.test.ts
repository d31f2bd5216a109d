import { expect, it } from "vitest";
import { BoundedBytes } from "./bounded-bytes.js";

it.each([0, 1, 7, 10, 100])("keeps the first %i bytes, however they come", (limit) => {
  const whole = Buffer.from("0123456789");
  for (const size of [1, 3, 10]) {
    const bytes = new BoundedBytes(limit);
    for (let start = 0; start < whole.length; start += size) bytes.add(whole.subarray(start, start + size));
    expect(bytes.toBuffer()).toEqual(whole.subarray(0, limit));
    expect(bytes.isOver).toBe(limit < whole.length);
  }
});

it("takes no more memory for small chunks", () => {
  const bytes = new BoundedBytes(1_000_000);
  for (let count = 0; count < 500_000; count++) bytes.add(Buffer.from("x"));
  expect(bytes.toBuffer().length).toBe(500_000);
  expect(bytes.toBuffer().buffer.byteLength).toBeLessThanOrEqual(1_000_000);
});
