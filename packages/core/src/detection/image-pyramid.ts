/** One size of an image at which P-Net looks for faces. */
export interface PyramidLevel {
  /** Pixels of the level for one of the image. */
  readonly scale: number;
  readonly width: number;
  readonly height: number;
}

/** Side of the square that P-Net looks at, in pixels. */
export const cellSize = 12;

/**
 * The levels at which a face of `minFaceSize` pixels, and every larger one that fits into the image,
 * comes to about the size of a cell; each level is `factor` times the one before. None when the image is
 * smaller than the smallest face.
 */
export function imagePyramid(width: number, height: number, minFaceSize: number, factor: number): PyramidLevel[] {
  const levels: PyramidLevel[] = [];
  let scale = cellSize / minFaceSize;
  for (let side = Math.min(width, height) * scale; side >= cellSize; side *= factor) {
    levels.push({ scale, width: Math.floor(width * scale + 1), height: Math.floor(height * scale + 1) });
    scale *= factor;
  }
  return levels;
}
