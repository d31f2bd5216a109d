export { AreaResizer } from "./area-resizer.js";
export { bytesPerPixel, decodeImage, type ImageLimits, imageInfo, type ReadHeader, readHeader } from "./decode.js";
export { encodeRegion } from "./encode-region.js";
export type { RegionResizer } from "./region-resizer.js";
export { resample } from "./resample.js";
export { type Region, type RgbImage, wholeImage } from "./rgb-image.js";
export { SummedAreaTable, tableBytesPerPixel } from "./summed-area-table.js";
export { boxTurnedBack, pointTurnedBack, type Turn, turnedImage } from "./turn.js";
