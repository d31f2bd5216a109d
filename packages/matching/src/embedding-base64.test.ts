import { describe, expect, it } from "vitest";
import { embeddingFromBase64, embeddingToBase64 } from "./embedding-base64.js";

describe("embeddings in base64", () => {
  it("are little-endian float32, and come back as they were", () => {
    expect(embeddingToBase64([1, -2])).toBe("AACAPwAAAMA=");
    expect(embeddingFromBase64("AACAPwAAAMA=")).toEqual(Float32Array.of(1, -2));
    expect(embeddingFromBase64(embeddingToBase64(Float32Array.of(0.1, 1e-7)))).toEqual(Float32Array.of(0.1, 1e-7));
  });

  it.each(["AACAP", "AACA", "not base64", "AACAPwAAAMA"])("are not %s", (text) => {
    expect(embeddingFromBase64(text)).toBeUndefined();
  });
});
