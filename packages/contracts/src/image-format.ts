/** The image formats that are read, with their media types. */
export const imageFormats = {
  jpeg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  gif: "image/gif",
  tiff: "image/tiff",
  avif: "image/avif",
} as const;

export type ImageFormat = keyof typeof imageFormats;

export const imageContentTypes = Object.values(imageFormats);
