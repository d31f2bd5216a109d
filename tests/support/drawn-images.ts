import sharp from "sharp";
import { portrait, twoPortraits } from "./test-data.js";

/** Images for tests, made of the faces that the repository draws itself, so that nothing else is needed. */
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
  crowd: () => crowd(18, 12),
  /** A JPEG of which the second half has not arrived. */
  cutShort: async () => {
    const whole = await drawnImages.oneFace();
    return whole.subarray(0, whole.length / 2);
  },
  text: async () => Buffer.from("This is no picture, whatever its name says.\n"),
} as const;

export type DrawnImage = keyof typeof drawnImages;

/** So many faces that they take a while. */
async function crowd(columns: number, rows: number): Promise<Buffer> {
  const [width, height] = [96, 128];
  const face = await sharp(await portrait())
    .resize(width, height)
    .toBuffer();
  const composite = Array.from({ length: columns * rows }, (_, i) => ({
    input: face,
    left: (i % columns) * width,
    top: Math.floor(i / columns) * height,
  }));
  return sharp({ create: { width: columns * width, height: rows * height, channels: 3, background: "#8fb0ad" } })
    .composite(composite)
    .jpeg({ quality: 90 })
    .toBuffer();
}
