import { type EmbeddingKind, embeddingKinds, type FacePipeline } from "@facefleet/core";
import type { ModelPack } from "@facefleet/core/models";
import { l2Normalise } from "@facefleet/matching";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noPhotos, photo, portrait, twoPortraits } from "../../../tests/support/test-data.js";
import { cosine, everyFace, openPipeline } from "./pipeline-under-test.js";

const kinds = Object.keys(embeddingKinds) as EmbeddingKind[];

describe("embeddings of each kind", () => {
  let pipeline: FacePipeline;
  let pack: ModelPack;
  let images: Uint8Array[];

  beforeAll(async () => {
    ({ pipeline, pack } = await openPipeline("onnx-cpu"));
    images = [await portrait(), await twoPortraits(), ...(noPhotos ? [] : [await photo("two-people.jpg")])];
  });
  afterAll(() => pipeline?.close());

  const analyse = (bytes: Uint8Array, embedding: EmbeddingKind) => pipeline.analyse(bytes, { ...everyFace, embedding });

  it.each(kinds)("%s: a batch of N gives what N batches of 1 give", async (embedding) => {
    const alone = [];
    for (const bytes of images) alone.push(await analyse(bytes, embedding));
    const together = await Promise.all(images.map((bytes) => analyse(bytes, embedding)));
    for (const [i, { faces }] of together.entries()) {
      expect(faces.length).toBeGreaterThan(0);
      expect(faces).toHaveLength(alone[i]?.faces.length ?? 0);
      for (const [k, face] of faces.entries()) {
        expect(cosine(face.embedding ?? [], face.embedding ?? [])).toBeCloseTo(1, 5);
        expect(cosine(face.embedding ?? [], alone[i]?.faces[k]?.embedding ?? [])).toBeGreaterThan(0.99999);
      }
    }
  });

  it("high is the mean direction of both views, standard the margin crop, each less its mean", async () => {
    const [image] = images as [Uint8Array];
    const embed = async (kind: EmbeddingKind) => (await analyse(image, kind)).faces[0]?.embedding ?? new Float32Array();
    const [margin, aligned, both] = [await embed("standard-raw"), await embed("aligned-raw"), await embed("high-raw")];
    const sum = l2Normalise(margin.map((value, i) => value + aligned[i]!));
    expect(cosine(both, sum)).toBeCloseTo(1, 6);
    expect(cosine(margin, aligned)).toBeGreaterThan(0.8);
    expect(cosine(margin, aligned)).toBeLessThan(0.9999);
    for (const [kind, raw] of [
      ["standard", margin],
      ["high", both],
    ] as const) {
      const mean = pack.weights.read(`mean/${kind}`);
      const expected = l2Normalise(raw.map((value, i) => value - mean[i]!));
      expect(cosine(await embed(kind), expected)).toBeCloseTo(1, 6);
      // A mean that says something, and is not the face itself.
      expect(Math.hypot(...mean)).toBeGreaterThan(0.1);
      expect(cosine(expected, raw)).toBeLessThan(0.999);
    }
  });

  it("each says what made it", async () => {
    const [image] = images as [Uint8Array];
    const models = await Promise.all(kinds.map(async (kind) => (await analyse(image, kind)).model));
    expect(new Set(models.map(({ fingerprint }) => fingerprint)).size).toBe(kinds.length);
    const byDefault = await pipeline.analyse(image, everyFace);
    expect(byDefault.model).toEqual(models[kinds.indexOf("standard")]);
    expect(byDefault.model).toEqual(pipeline.modelOf("standard"));
  });
});
