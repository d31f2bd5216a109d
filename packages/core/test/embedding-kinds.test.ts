import { type EmbeddingKind, embeddingKinds, type FacePipeline } from "@facefleet/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noPack, noPhotos, photo, portrait, skipped, twoPortraits } from "../../../tests/support/test-data.js";
import { cosine, everyFace, openPipeline } from "./pipeline-under-test.js";

const kinds = Object.keys(embeddingKinds) as EmbeddingKind[];

describe.skipIf(skipped("the kinds of embeddings", noPack))("embeddings of each kind", () => {
  let pipeline: FacePipeline;
  let images: Uint8Array[];

  beforeAll(async () => {
    ({ pipeline } = await openPipeline("onnx-cpu"));
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

  it("high is the mean direction of standard and aligned", async () => {
    const [image] = images as [Uint8Array];
    const [standard, aligned, high] = await Promise.all(
      (["standard", "aligned", "high"] as const).map(async (kind) => (await analyse(image, kind)).faces[0]?.embedding),
    );
    const sum = Array.from(standard ?? [], (value, i) => value + (aligned?.[i] ?? Number.NaN));
    const length = Math.hypot(...sum);
    expect(cosine(high ?? [], sum) / length).toBeCloseTo(1, 6);
    expect(cosine(standard ?? [], aligned ?? [])).toBeGreaterThan(0.8);
    expect(cosine(standard ?? [], aligned ?? [])).toBeLessThan(0.9999);
  });

  it("each says what made it", async () => {
    const [image] = images as [Uint8Array];
    const models = await Promise.all(kinds.map(async (kind) => (await analyse(image, kind)).model));
    expect(new Set(models.map(({ fingerprint }) => fingerprint)).size).toBe(kinds.length);
    const byDefault = await pipeline.analyse(image, everyFace);
    expect(byDefault.model).toEqual(models[kinds.indexOf("standard")]);
    expect(byDefault.model).toEqual(pipeline.model);
  });
});
