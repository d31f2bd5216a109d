import { type CallOptions, ThreadTurn } from "../batching/index.js";
import type { Standardisation } from "../models/index.js";
import { type Cells, cells } from "./cells.js";
import type { RegionResizer } from "./region-resizer.js";
import type { Region, RgbImage } from "./rgb-image.js";

/** The size to resize to, and the rows of it that are wanted: `top` up to, but without, `bottom`; all unless told. */
export interface OutputSize {
  readonly width: number;
  readonly height: number;
  readonly top?: number;
  readonly bottom?: number;
}

/** What a table takes for each pixel of its image, in bytes. */
export const tableBytesPerPixel = 6;

/** What the pixels of one output row are made of: rows `top` up to, but without, `bottom`. */
interface RowOfCells {
  readonly top: number;
  readonly bottom: number;
  readonly columns: Cells;
}

/** Sums are kept modulo 2^16, and 257 pixels of 255 are less than that. */
const sumLimit = 2 ** 16;
const largestCell = 257;
/** Rows that are summed before others may have the thread: some milliseconds of a large image. */
const rowsAtOnce = 64;
/** Side of the parts that a larger cell is summed in. */
const partSide = 16;

/**
 * Resizes any region of an image in a time that depends on the output's size alone: each sum of pixels is the
 * difference of four sums from the image's corner (summed-area table, F. Crow 1984). The numbers are those of
 * adaptive average pooling, as PyTorch's `interpolate(mode="area")`, which the reference MTCNN resizes with: the
 * mean over the pixels that an output pixel touches. Takes 6 bytes a pixel of the image.
 */
export class SummedAreaTable implements RegionResizer {
  readonly width: number;
  readonly height: number;
  private readonly stride: number;

  private constructor(
    { width, height }: Pick<RgbImage, "width" | "height">,
    /** Of red, green and blue above and to the left of each corner of a pixel, modulo 2^16. */
    private readonly sums: Uint16Array,
  ) {
    this.width = width;
    this.height = height;
    this.stride = (width + 1) * 3;
  }

  /** Shares the thread while it sums. Rejects with the reason of the call's signal. */
  static async of(image: RgbImage, call?: CallOptions): Promise<SummedAreaTable> {
    return new SummedAreaTable(image, await sumFromCorner(image, call));
  }

  /**
   * Resizes a region, standardises it, and writes its rows as interleaved RGB float32 into `out` from `offset` on.
   * The region must lie within the image and not be empty.
   */
  resize(
    region: Region,
    { width, height, top = 0, bottom = height }: OutputSize,
    standardisation: Standardisation,
    out: Float32Array,
    offset = 0,
  ): void {
    const columns = cells(region.left, region.right, width);
    const rows = cells(region.top, region.bottom, height);
    const fits = columns.longest * rows.longest <= largestCell;
    for (let y = top; y < bottom; y++) {
      const row = { top: rows.starts[y]!, bottom: rows.ends[y]!, columns };
      const at = offset + (y - top) * width * 3;
      if (fits) this.writeRow(row, standardisation, out, at);
      else this.writeRowInParts(row, standardisation, out, at);
    }
  }

  private writeRow(
    { top, bottom, columns }: RowOfCells,
    { mean, scale }: Standardisation,
    out: Float32Array,
    at: number,
  ) {
    const { starts, ends } = columns;
    const { sums, stride } = this;
    const shift = mean / scale;
    let to = at;
    for (let x = 0; x < starts.length; x++, to += 3) {
      const left = starts[x]! * 3;
      const right = ends[x]! * 3;
      const weight = 3 / ((right - left) * (bottom - top) * scale);
      const a = top * stride + left;
      const b = top * stride + right;
      const c = bottom * stride + left;
      const d = bottom * stride + right;
      out[to] = ((sums[d]! - sums[c]! - sums[b]! + sums[a]!) & (sumLimit - 1)) * weight - shift;
      out[to + 1] = ((sums[d + 1]! - sums[c + 1]! - sums[b + 1]! + sums[a + 1]!) & (sumLimit - 1)) * weight - shift;
      out[to + 2] = ((sums[d + 2]! - sums[c + 2]! - sums[b + 2]! + sums[a + 2]!) & (sumLimit - 1)) * weight - shift;
    }
  }

  private writeRowInParts(
    { top, bottom, columns }: RowOfCells,
    { mean, scale }: Standardisation,
    out: Float32Array,
    at: number,
  ): void {
    const { starts, ends } = columns;
    for (let x = 0; x < starts.length; x++) {
      const pixels = (ends[x]! - starts[x]!) * (bottom - top);
      for (let channel = 0; channel < 3; channel++) {
        const sum = this.sumInParts(starts[x]!, top, ends[x]!, bottom, channel);
        out[at + x * 3 + channel] = (sum / pixels - mean) / scale;
      }
    }
  }

  private sumInParts(left: number, top: number, right: number, bottom: number, channel: number): number {
    const { sums, stride } = this;
    let sum = 0;
    for (let y = top; y < bottom; y += partSide) {
      const above = y * stride;
      const below = Math.min(y + partSide, bottom) * stride;
      for (let x = left; x < right; x += partSide) {
        const from = x * 3 + channel;
        const to = Math.min(x + partSide, right) * 3 + channel;
        sum += (sums[below + to]! - sums[below + from]! - sums[above + to]! + sums[above + from]!) & (sumLimit - 1);
      }
    }
    return sum;
  }
}

async function sumFromCorner({ width, height, data }: RgbImage, call?: CallOptions): Promise<Uint16Array> {
  const stride = (width + 1) * 3;
  const sums = new Uint16Array(stride * (height + 1));
  const turn = new ThreadTurn(call);
  for (let row = 0; row < height; row += rowsAtOnce) {
    sumRows(sums, data, stride, row, Math.min(height, row + rowsAtOnce));
    if (turn.isOver) await turn.pass();
  }
  return sums;
}

/** Typed arrays wrap around by themselves. */
function sumRows(sums: Uint16Array, data: Uint8Array, stride: number, from: number, until: number): void {
  let pixel = from * (stride - 3);
  for (let y = from + 1; y <= until; y++) {
    let red = 0;
    let green = 0;
    let blue = 0;
    const end = (y + 1) * stride;
    for (let to = y * stride + 3; to < end; to += 3, pixel += 3) {
      red = (red + data[pixel]!) | 0;
      green = (green + data[pixel + 1]!) | 0;
      blue = (blue + data[pixel + 2]!) | 0;
      sums[to] = sums[to - stride]! + red;
      sums[to + 1] = sums[to - stride + 1]! + green;
      sums[to + 2] = sums[to - stride + 2]! + blue;
    }
  }
}
