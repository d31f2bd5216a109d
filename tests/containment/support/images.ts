import sharp from "sharp";
import { portrait } from "../../support/test-data.js";

/** A picture of many faces: the portrait, small, many times. A face takes some 13 KB of a result with embeddings and crops. */
export async function crowd(columns: number, rows: number, side = 120): Promise<Buffer> {
  const face = await sharp(await portrait())
    .resize(side, side, { fit: "cover" })
    .png()
    .toBuffer();
  const places = Array.from({ length: columns * rows }, (_, index) => ({
    input: face,
    left: (index % columns) * side,
    top: Math.floor(index / columns) * side,
  }));
  const background = {
    create: { width: columns * side, height: rows * side, channels: 3, background: "#888" },
  } as const;
  return sharp(background).composite(places).jpeg({ quality: 90 }).toBuffer();
}
