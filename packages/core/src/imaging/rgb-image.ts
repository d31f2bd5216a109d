/** An upright picture: 8-bit RGB, interleaved, row by row, without padding. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** width * height * 3 bytes. */
  readonly data: Uint8Array;
}

/** A rectangle of whole pixels: from (left, top) up to, but without, (right, bottom). */
export interface Region {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export function wholeImage({ width, height }: { readonly width: number; readonly height: number }): Region {
  return { left: 0, top: 0, right: width, bottom: height };
}
