import type { Standardisation } from "../models/index.js";
import type { Region } from "./rgb-image.js";

/** Resizes regions of an image, each pixel to the mean of those that it touches. */
export interface RegionResizer {
  readonly width: number;
  readonly height: number;
  /**
   * Resizes a region to width x height, standardises it, and writes it as interleaved RGB float32 into `out` from `offset` on.
   * The region must lie within the image and not be empty.
   */
  resize(
    region: Region,
    size: { readonly width: number; readonly height: number },
    standardisation: Standardisation,
    out: Float32Array,
    offset?: number,
  ): void;
}
