/** The bytes of an image. */
export type ImageBytes = Blob | Uint8Array | ArrayBuffer;

export function isBytes(image: object): image is ImageBytes {
  return image instanceof Blob || image instanceof ArrayBuffer || ArrayBuffer.isView(image);
}

export function asBlob(image: ImageBytes, type?: string): Blob {
  if (image instanceof Blob && (type === undefined || type === image.type)) return image;
  return new Blob([image as Blob | Uint8Array<ArrayBuffer> | ArrayBuffer], {
    type: type ?? "application/octet-stream",
  });
}
