import type { Standardisation } from "../models/index.js";
import { type Cells, cells } from "./cells.js";
import type { RegionResizer } from "./region-resizer.js";
import type { Region, RgbImage } from "./rgb-image.js";

/**
 * Resizes regions of an image straight from its pixels, to the numbers that a SummedAreaTable of it gives. It takes no memory,
 * and a time that goes with the pixels of the region: what is right for regions that hardly overlap.
 */
export class AreaResizer implements RegionResizer {
  readonly width: number;
  readonly height: number;

  constructor(private readonly image: RgbImage) {
    this.width = image.width;
    this.height = image.height;
  }

  resize(
    region: Region,
    { width, height }: { readonly width: number; readonly height: number },
    standardisation: Standardisation,
    out: Float32Array,
    offset = 0,
  ): void {
    const columns = cells(region.left, region.right, width);
    const rows = cells(region.top, region.bottom, height);
    this.write(rows, columns, standardisation, out.subarray(offset), width * 3);
  }

  /** A part of the whole image at another size, in pixels of that size; its rows begin `stride` numbers apart. */
  resizePart(
    size: { readonly width: number; readonly height: number },
    { left, top, right, bottom }: Region,
    standardisation: Standardisation,
    out: Float32Array,
    stride: number,
  ): void {
    const columns = cells(0, this.width, size.width, { first: left, end: right });
    const rows = cells(0, this.height, size.height, { first: top, end: bottom });
    this.write(rows, columns, standardisation, out, stride);
  }

  private write(
    rows: Cells,
    columns: Cells,
    standardisation: Standardisation,
    out: Float32Array,
    stride: number,
  ): void {
    // At most one pixel for each, as at the image's own size.
    if (rows.longest === 1 && columns.longest === 1) this.copy(rows, columns, standardisation, out, stride);
    else this.writeMeans(rows, columns, standardisation, out, stride);
  }

  private writeMeans(
    rows: Cells,
    columns: Cells,
    standardisation: Standardisation,
    out: Float32Array,
    stride: number,
  ): void {
    const first = columns.starts[0]!;
    const sums = new Float64Array((columns.ends[columns.ends.length - 1]! - first) * 3);
    let summed = { top: -1, bottom: -1 };
    for (let y = 0; y < rows.starts.length; y++) {
      const [top, bottom] = [rows.starts[y]!, rows.ends[y]!];
      // Where an image is enlarged, neighbouring rows are made of the same ones.
      if (top !== summed.top || bottom !== summed.bottom) this.sumRows(top, bottom, first, sums);
      summed = { top, bottom };
      writeRowOfMeans(sums, columns, bottom - top, standardisation, out, y * stride);
    }
  }

  private copy(
    { starts: rows }: Cells,
    { starts: columns }: Cells,
    { mean, scale }: Standardisation,
    out: Float32Array,
    stride: number,
  ): void {
    const { data, width } = this.image;
    for (let y = 0; y < rows.length; y++) {
      const row = rows[y]! * width;
      for (let x = 0, to = y * stride; x < columns.length; x++, to += 3) {
        const from = (row + columns[x]!) * 3;
        out[to] = (data[from]! - mean) / scale;
        out[to + 1] = (data[from + 1]! - mean) / scale;
        out[to + 2] = (data[from + 2]! - mean) / scale;
      }
    }
  }

  /** The sum of each column and channel from column `first` on. */
  private sumRows(top: number, bottom: number, first: number, sums: Float64Array): void {
    const { data, width } = this.image;
    const from = (top * width + first) * 3;
    for (let i = 0; i < sums.length; i++) sums[i] = data[from + i]!;
    for (let row = top + 1; row < bottom; row++) {
      const start = (row * width + first) * 3;
      for (let i = 0; i < sums.length; i++) sums[i]! += data[start + i]!;
    }
  }
}

function writeRowOfMeans(
  sums: Float64Array,
  { starts, ends }: Cells,
  rows: number,
  { mean, scale }: Standardisation,
  out: Float32Array,
  at: number,
): void {
  const first = starts[0]!;
  for (let x = 0, to = at; x < starts.length; x++, to += 3) {
    let red = 0;
    let green = 0;
    let blue = 0;
    const end = (ends[x]! - first) * 3;
    for (let i = (starts[x]! - first) * 3; i < end; i += 3) {
      red += sums[i]!;
      green += sums[i + 1]!;
      blue += sums[i + 2]!;
    }
    const pixels = rows * (ends[x]! - starts[x]!);
    out[to] = (red / pixels - mean) / scale;
    out[to + 1] = (green / pixels - mean) / scale;
    out[to + 2] = (blue / pixels - mean) / scale;
  }
}
