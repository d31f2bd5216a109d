import { expect, it } from "vitest";
import { marginCrop } from "./margin-crop.js";

const image = { width: 200, height: 100, data: new Uint8Array(0) };

it("widens the box so that the margin is 32 of 160", () => {
  expect(marginCrop({ x1: 36, y1: 16, x2: 100, y2: 80 }, image, 32, 160)).toEqual({
    left: 28,
    top: 8,
    right: 108,
    bottom: 88,
  });
});

it("stays within the image", () => {
  const whole = { left: 0, top: 0, right: 200, bottom: 100 };
  expect(marginCrop({ x1: -5, y1: -9, x2: 300, y2: 180 }, image, 32, 160)).toEqual(whole);
});

it.each([
  { x1: 250, y1: 20, x2: 260, y2: 30 },
  { x1: -40, y1: -40, x2: -20, y2: -20 },
  { x1: 50, y1: 50, x2: 50, y2: 50 },
])("gives a pixel even for %j", (box) => {
  const { left, top, right, bottom } = marginCrop(box, image, 32, 160);
  expect(right - left).toBeGreaterThanOrEqual(1);
  expect(bottom - top).toBeGreaterThanOrEqual(1);
  expect(left).toBeGreaterThanOrEqual(0);
  expect(right).toBeLessThanOrEqual(200);
});
