import { detectorNames } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { type EmbeddingKind, embeddingKinds } from "../alignment/index.js";
import { packCatalogue, packManifest } from "../models/index.js";
import { embeddingFingerprint } from "./fingerprint.js";

const pack = packManifest("facenet-20180402-114759-int8");
const kinds = Object.keys(embeddingKinds) as EmbeddingKind[];

describe("embeddingFingerprint", () => {
  it("differs for each kind of embedding", () => {
    const fingerprints = kinds.map((kind) => embeddingFingerprint(pack, kind, "mtcnn"));
    expect(new Set(fingerprints).size).toBe(kinds.length);
  });

  it("follows the aligned landmarks, but for embeddings of the margin crop alone", () => {
    const moved = { ...pack, alignedLandmarks: { ...pack.alignedLandmarks, nose: { x: 80, y: 90 } } };
    const changed = kinds.filter(
      (kind) => embeddingFingerprint(moved, kind, "mtcnn") !== embeddingFingerprint(pack, kind, "mtcnn"),
    );
    expect(changed).toEqual(["high", "high-raw", "aligned-raw", "high-flip-raw"]);
  });

  it("differs for each pack", () => {
    const fingerprints = packCatalogue.map((manifest) => embeddingFingerprint(manifest, "standard", "mtcnn"));
    expect(new Set(fingerprints).size).toBe(packCatalogue.length);
  });

  it("differs for each detector, and follows the weights of the one that made it", () => {
    const [mtcnn, yunet] = detectorNames.map((detector) => embeddingFingerprint(pack, "standard", detector));
    expect(yunet).not.toBe(mtcnn);
    const detectors = { ...pack.detectors, yunet: { ...pack.detectors.yunet, weights: "00" } };
    expect(embeddingFingerprint({ ...pack, detectors }, "standard", "yunet")).not.toBe(yunet);
    expect(embeddingFingerprint({ ...pack, detectors }, "standard", "mtcnn")).toBe(mtcnn);
  });

  it("stays what it is, as long as embeddings do", () => {
    const pinned = { ...pack, weights: { bytes: 0, sha256: "00" } };
    expect([embeddingFingerprint(pinned, "standard", "mtcnn"), embeddingFingerprint(pinned, "high", "mtcnn")]).toEqual([
      "e23d01785a96a978",
      "2f3c9807d6abe9f6",
    ]);
  });
});
