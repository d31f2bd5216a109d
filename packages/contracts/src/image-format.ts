/** The image formats that are read, with their media types. */
export const imageFormats = {
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  gif: "image/gif",
  tiff: "image/tiff",
  avif: "image/avif",
  heic: "image/heic",
} as const;

export type ImageFormat = keyof typeof imageFormats;

export const imageContentTypes = [...Object.values(imageFormats), "image/heif"] as const;

/** The most pixels of an image, unless the operator says otherwise: those of phones with 64 megapixels. */
export const defaultMaxPixels = 2 ** 26;
