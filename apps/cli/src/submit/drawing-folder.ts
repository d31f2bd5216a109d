import { mkdir, readFile } from "node:fs/promises";
import { basename, extname, join, resolve } from "node:path";
import type { Face } from "@facefleet/contracts";
import { decodeImage } from "@facefleet/core/imaging";
import sharp from "sharp";
import { faceOverlay } from "./face-overlay.js";

/** A folder of copies with the faces drawn in. No two copies share a name, and no copy replaces a source. */
export class DrawingFolder {
  readonly #folder: string;
  readonly #targets: ReadonlyMap<string, string>;
  readonly #read: (source: string) => Promise<Buffer>;

  /** @param read gives the bytes of one of the sources */
  constructor(folder: string, sources: readonly string[], read: (source: string) => Promise<Buffer> = readFile) {
    this.#folder = folder;
    this.#targets = targetPaths(folder, sources);
    this.#read = read;
  }

  /** Writes the copy of one of the sources: JPEG for a JPEG, PNG for everything else. Returns its path. */
  async draw(source: string, faces: readonly Face[]): Promise<string> {
    const target = this.#targets.get(source);
    if (target === undefined) throw new Error(`Expected one of the sources to draw on but received ${source}`);
    await mkdir(this.#folder, { recursive: true });
    // What the service could read is drawn on, and as it read it.
    const { data, width, height } = await decodeImage(await this.#read(source));
    const overlay = Buffer.from(faceOverlay({ width, height }, faces));
    const drawn = sharp(data, { raw: { width, height, channels: 3 } }).composite([{ input: overlay, left: 0, top: 0 }]);
    await (isJpeg(source) ? drawn.jpeg({ quality: 92 }) : drawn.png()).toFile(target);
    return target;
  }
}

function targetPaths(folder: string, sources: readonly string[]): Map<string, string> {
  const taken = new Set(sources.map((source) => resolve(source)));
  const targets = new Map<string, string>();
  for (const source of new Set(sources)) {
    const target = freshPath(folder, source, taken);
    taken.add(target);
    targets.set(source, target);
  }
  return targets;
}

function freshPath(folder: string, source: string, taken: ReadonlySet<string>): string {
  const stem = basename(source, extname(source));
  const extension = isJpeg(source) ? extname(source) : ".png";
  for (let copy = 1; ; copy++) {
    const path = resolve(join(folder, `${stem}${copy > 1 ? `-${copy}` : ""}${extension}`));
    if (!taken.has(path)) return path;
  }
}

function isJpeg(source: string): boolean {
  return /\.jpe?g$/i.test(source);
}
