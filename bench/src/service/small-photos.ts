import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { FacePipeline } from "@facefleet/core";
import sharp from "sharp";
import { embedOptions } from "../pipeline/open-pipeline.js";

const size = { width: 640, height: 480 };

/**
 * The photos of a folder, each scaled to cover 640 x 480 and cut to it where most is to be seen, as JPEG of quality
 * 90. Those that then show one face or two are kept.
 */
export async function smallPhotos(photosDir: string, pipeline: FacePipeline): Promise<Buffer[]> {
  const photos: Buffer[] = [];
  for (const name of (await readdir(photosDir)).sort()) {
    const photo = await cut(join(photosDir, name));
    if (photo && (await showsOneOrTwo(photo, pipeline))) photos.push(photo);
  }
  if (photos.length === 0) throw new Error(`Expected photos with one face or two in ${photosDir} but found none`);
  return photos;
}

/** Undefined for what is no photo, or would have to be enlarged. */
async function cut(file: string): Promise<Buffer | undefined> {
  try {
    const { width, height } = await sharp(file).metadata();
    if (width < size.width || height < size.height) return undefined;
    return await sharp(file)
      .autoOrient()
      .resize({ ...size, position: "attention" })
      .jpeg({ quality: 90 })
      .toBuffer();
  } catch {
    return undefined;
  }
}

async function showsOneOrTwo(photo: Buffer, pipeline: FacePipeline): Promise<boolean> {
  const { faces } = await pipeline.analyse(photo, { ...embedOptions, embed: false });
  return faces.length === 1 || faces.length === 2;
}
