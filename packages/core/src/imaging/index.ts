export { decodeImage, type ImageHeader, imageInfo, readHeader } from "./decode.js";
export { areaFilter, resample, triangleFilter } from "./resample.js";
export { type Region, type RgbImage, wholeImage } from "./rgb-image.js";
