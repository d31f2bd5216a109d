import type { Box, Point } from "@facefleet/contracts";
import sharp from "sharp";
import { bytesPerPixel } from "./decode.js";
import type { RgbImage } from "./rgb-image.js";

/** How far a picture is turned, in degrees clockwise. */
export type Turn = 0 | 90 | 180 | 270;

type Size = Pick<RgbImage, "width" | "height">;

/** An image that is turned; the image itself where it is not. */
export async function turnedImage(image: RgbImage, turn: Turn): Promise<RgbImage> {
  if (turn === 0) return image;
  const { width, height } = image;
  const { data, info } = await sharp(image.data, { raw: { width, height, channels: bytesPerPixel } })
    .rotate(turn)
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}

/** Where a point of the turned image is in the image of the size that was turned. */
export function pointTurnedBack({ x, y }: Point, turn: Turn, { width, height }: Size): Point {
  if (turn === 90) return { x: y, y: height - x };
  if (turn === 180) return { x: width - x, y: height - y };
  if (turn === 270) return { x: width - y, y: x };
  return { x, y };
}

/** The same of a box. */
export function boxTurnedBack(box: Box, turn: Turn, image: Size): Box {
  const a = pointTurnedBack(box, turn, image);
  const b = pointTurnedBack({ x: box.x + box.width, y: box.y + box.height }, turn, image);
  const { width, height } = turn === 90 || turn === 270 ? { width: box.height, height: box.width } : box;
  return { x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width, height };
}
