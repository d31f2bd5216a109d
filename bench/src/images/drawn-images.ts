import { readFile } from "node:fs/promises";
import sharp from "sharp";

const asset = (name: string) => readFile(new URL(`../../../tests/assets/${name}.png`, import.meta.url));
const portrait = () => asset("portrait");
const twoPortraits = () => asset("two-portraits");

/** Images of the faces that the repository draws itself, so that nothing else is needed. */
export const drawnImages = {
  oneFace: async () =>
    sharp(await portrait())
      .jpeg({ quality: 92 })
      .toBuffer(),
  twoFaces: async () =>
    sharp(await twoPortraits())
      .jpeg({ quality: 92 })
      .toBuffer(),
  /** The same picture, half as large. */
  oneFaceSmall: async () =>
    sharp(await portrait())
      .resize(240)
      .jpeg({ quality: 92 })
      .toBuffer(),
  /** The left one of the two: another person, though not to FaceNet, to which drawn people look alike. */
  other: async () =>
    sharp(await twoPortraits())
      .extract({ left: 0, top: 0, width: 420, height: 500 })
      .jpeg({ quality: 92 })
      .toBuffer(),
  noFace: () =>
    sharp({ create: { width: 320, height: 240, channels: 3, background: "#7a8c6e" } })
      .jpeg()
      .toBuffer(),
  /** So many faces that they take a while. */
  crowd: () => crowd(18, 12),
  /** A JPEG of which the second half has not arrived. */
  cutShort: async () => {
    const whole = await drawnImages.oneFace();
    return whole.subarray(0, whole.length / 2);
  },
  text: async () => Buffer.from("This is no picture, whatever its name says.\n"),
} as const;

export type DrawnImage = keyof typeof drawnImages;

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
