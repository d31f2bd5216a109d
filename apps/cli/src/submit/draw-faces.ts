import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { Face } from "@facefleet/client";
import { decodeImage } from "@facefleet/core/imaging";
import sharp from "sharp";
import { isJpeg } from "./drawing-paths.js";
import { faceOverlay } from "./face-overlay.js";

/** Writes an image with faces drawn in: a JPEG where the path says so, else a PNG. */
export async function drawFaces(image: Buffer, faces: readonly Face[], path: string): Promise<void> {
  // What the service could read is drawn on, and as it read it.
  const { data, width, height } = await decodeImage(image);
  const overlay = Buffer.from(faceOverlay({ width, height }, faces));
  const drawn = sharp(data, { raw: { width, height, channels: 3 } }).composite([{ input: overlay, left: 0, top: 0 }]);
  await mkdir(dirname(path), { recursive: true });
  await (isJpeg(path) ? drawn.jpeg({ quality: 92 }) : drawn.png()).toFile(path);
}
