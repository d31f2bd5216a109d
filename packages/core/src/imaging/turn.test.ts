import { describe, expect, it } from "vitest";
import type { RgbImage } from "./rgb-image.js";
import { boxTurnedBack, pointTurnedBack, type Turn, turnedImage } from "./turn.js";

const [width, height] = [5, 3];
/** Each pixel is a colour of its own. */
const image: RgbImage = { width, height, data: Uint8Array.from({ length: width * height * 3 }, (_, i) => i) };

const pixel = ({ data, width }: RgbImage, x: number, y: number) => [
  ...data.subarray(3 * (y * width + x)).subarray(0, 3),
];

describe.each<Turn>([0, 90, 180, 270])("an image turned by %d degrees", (turn) => {
  it("has each pixel where its place leads back from", async () => {
    const turned = await turnedImage(image, turn);
    expect([turned.width, turned.height]).toEqual(turn % 180 === 0 ? [width, height] : [height, width]);
    for (let y = 0; y < turned.height; y++) {
      for (let x = 0; x < turned.width; x++) {
        const centre = pointTurnedBack({ x: x + 0.5, y: y + 0.5 }, turn, image);
        expect(pixel(turned, x, y)).toEqual(pixel(image, Math.floor(centre.x), Math.floor(centre.y)));
        const box = boxTurnedBack({ x, y, width: 1, height: 1 }, turn, image);
        expect(box).toEqual({ x: Math.floor(centre.x), y: Math.floor(centre.y), width: 1, height: 1 });
      }
    }
  });
});

it("turns clockwise", async () => {
  const turned = await turnedImage(image, 90);
  expect(pixel(turned, turned.width - 1, 0)).toEqual(pixel(image, 0, 0));
});

it("swaps the sides of a box with those of the picture", () => {
  expect(boxTurnedBack({ x: 1, y: -1, width: 2, height: 4 }, 90, image)).toEqual({ x: -1, y: 0, width: 4, height: 2 });
});
