import { describe, expect, it } from "vitest";
import { type EmbeddingKind, embeddingKinds } from "../alignment/index.js";
import { packManifest } from "../models/index.js";
import { embeddingFingerprint } from "./fingerprint.js";

const pack = { manifest: packManifest("facenet-20180402-114759"), record: { weights: { sha256: "00" } } };
const kinds = Object.keys(embeddingKinds) as EmbeddingKind[];

describe("embeddingFingerprint", () => {
  it("differs for each kind of embedding", () => {
    const fingerprints = kinds.map((kind) => embeddingFingerprint(pack, kind));
    expect(new Set(fingerprints).size).toBe(kinds.length);
  });

  it("follows the aligned landmarks, but for standard embeddings", () => {
    const { alignedLandmarks } = pack.manifest;
    const moved = {
      ...pack,
      manifest: { ...pack.manifest, alignedLandmarks: { ...alignedLandmarks, nose: { x: 80, y: 90 } } },
    };
    const changed = kinds.filter((kind) => embeddingFingerprint(moved, kind) !== embeddingFingerprint(pack, kind));
    expect(changed).toEqual(kinds.filter((kind) => kind !== "standard"));
  });

  it("of standard embeddings stays what it was, as long as they do", () => {
    expect(embeddingFingerprint(pack, "standard")).toBe("cbeeea43c107dff4");
  });
});
