import sharp from "sharp";
import type { Region, RgbImage } from "./rgb-image.js";

const quality = 90;

/** A part of an image as a JPEG of `side` x `side` pixels, whatever its shape was. */
export async function encodeRegion(image: RgbImage, region: Region, side: number): Promise<Uint8Array> {
  const { width, height, data } = image;
  const { left, top, right, bottom } = region;
  return sharp(data, { raw: { width, height, channels: 3 } })
    .extract({ left, top, width: right - left, height: bottom - top })
    .resize(side, side, { fit: "fill" })
    .jpeg({ quality })
    .toBuffer();
}
