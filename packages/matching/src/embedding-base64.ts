/** The values as little-endian float32 in base64 (RFC 4648), as embeddings are sent in short. */
export function embeddingToBase64(values: ArrayLike<number>): string {
  const bytes = Buffer.alloc(4 * values.length);
  for (let index = 0; index < values.length; index++) bytes.writeFloatLE(values[index]!, 4 * index);
  return bytes.toString("base64");
}

/** The same back; undefined for text that is no base64 of float32. */
export function embeddingFromBase64(base64: string): Float32Array | undefined {
  const bytes = Buffer.from(base64, "base64");
  if (bytes.length % 4 !== 0 || bytes.toString("base64") !== base64) return undefined;
  return Float32Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
}
