import { describe, expect, it } from "vitest";
import { type EmbeddingKind, embeddingKinds } from "../alignment/index.js";
import { packCatalogue, packManifest } from "../models/index.js";
import { embeddingFingerprint } from "./fingerprint.js";

const pack = packManifest("facenet-20180402-114759-int8");
const kinds = Object.keys(embeddingKinds) as EmbeddingKind[];

describe("embeddingFingerprint", () => {
  it("differs for each kind of embedding", () => {
    const fingerprints = kinds.map((kind) => embeddingFingerprint(pack, kind));
    expect(new Set(fingerprints).size).toBe(kinds.length);
  });

  it("follows the aligned landmarks, but for embeddings of the margin crop alone", () => {
    const moved = { ...pack, alignedLandmarks: { ...pack.alignedLandmarks, nose: { x: 80, y: 90 } } };
    const changed = kinds.filter((kind) => embeddingFingerprint(moved, kind) !== embeddingFingerprint(pack, kind));
    expect(changed).toEqual(["high", "high-raw", "aligned-raw", "high-flip-raw"]);
  });

  it("differs for each pack", () => {
    const fingerprints = packCatalogue.map((manifest) => embeddingFingerprint(manifest, "standard"));
    expect(new Set(fingerprints).size).toBe(packCatalogue.length);
  });

  it("stays what it is, as long as embeddings do", () => {
    const pinned = { ...pack, weights: { bytes: 0, sha256: "00" } };
    expect([embeddingFingerprint(pinned, "standard"), embeddingFingerprint(pinned, "high")]).toEqual([
      "e23d01785a96a978",
      "2f3c9807d6abe9f6",
    ]);
  });
});
