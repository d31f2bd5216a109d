import type { Region } from "../imaging/index.js";

/** Longest side of a tile, in pixels: a run of one takes some tens of milliseconds on a CPU, and 60 MB. */
export const tileSide = 1024;
/** Pixels that neighbouring tiles both see, at least: a face up to this size lies whole in one of them. */
export const tileOverlap = 128;

/** One of the sizes of an image at which YuNet looks for faces, none larger than the image. */
interface Level {
  readonly width: number;
  readonly height: number;
}

/** What YuNet looks at in one go: a part of a level. */
export interface Tile {
  readonly level: Level;
  /** In pixels of the level. */
  readonly part: Region;
  /** Where faces are this tile's: their centres lie in here. The cores of a level's tiles have all of it, and share nothing. */
  readonly core: Region;
  /** Larger faces are left to the next level, in pixels of this one. */
  readonly largestFace: number;
}

/** Between neighbouring levels. */
const levelFactor = 1 / 4;
/** Shorter side of a level, in pixels, that holds no face too large for it: YuNet finds faces up to some 400 pixels wide. */
const wholeLevelSide = 500;

/**
 * The tiles of all levels of an image. In the first a face of `minFaceSize` is `smallestFace` pixels large, or as large as in
 * the image, which is never enlarged. Each further level is for the faces that are too large for the one before.
 */
export function tilesOf(image: { width: number; height: number }, minFaceSize: number, smallestFace: number): Tile[] {
  const tiles: Tile[] = [];
  for (let scale = Math.min(1, smallestFace / minFaceSize); ; scale *= levelFactor) {
    const level = levelOf(image, scale);
    const [columns, rows] = [spans(level.width), spans(level.height)];
    const isCut = columns.length > 1 || rows.length > 1;
    const largestFace = isCut ? tileOverlap : Number.POSITIVE_INFINITY;
    for (const row of rows) {
      for (const column of columns) {
        const part = { left: column.from, right: column.to, top: row.from, bottom: row.to };
        const core = { left: column.coreFrom, right: column.coreTo, top: row.coreFrom, bottom: row.coreTo };
        tiles.push({ level, part, core, largestFace });
      }
    }
    if (!isCut && Math.min(level.width, level.height) <= wholeLevelSide) return tiles;
  }
}

function levelOf({ width, height }: { width: number; height: number }, scale: number): Level {
  const sized = (length: number) => Math.max(1, Math.round(length * scale));
  return { width: sized(width), height: sized(height) };
}

/** Cuts a length into parts of equal size; where two overlap, their cores meet in the middle. */
function spans(length: number): { from: number; to: number; coreFrom: number; coreTo: number }[] {
  const count = Math.max(1, Math.ceil((length - tileOverlap) / (tileSide - tileOverlap)));
  const side = count === 1 ? length : Math.ceil((length + (count - 1) * tileOverlap) / count);
  const starts = Array.from({ length: count }, (_, i) => Math.min(i * (side - tileOverlap), length - side));
  const seam = (i: number) => (starts[i]! + starts[i - 1]! + side) / 2;
  return starts.map((from, i) => ({
    from,
    to: from + side,
    coreFrom: i === 0 ? Number.NEGATIVE_INFINITY : seam(i),
    coreTo: i === count - 1 ? Number.POSITIVE_INFINITY : seam(i + 1),
  }));
}
