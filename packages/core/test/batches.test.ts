import { detectorCatalogue, detectorNames, type ProblemError } from "@facefleet/contracts";
import type { FaceAnalysis, FacePipeline } from "@facefleet/core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawnImages } from "../../../tests/support/drawn-images.js";
import { portrait } from "../../../tests/support/test-data.js";
import { cosine, everyFace, openPipeline } from "./pipeline-under-test.js";

describe.each(detectorNames)("a batch of N, %s", (detector) => {
  const options = { ...everyFace, detector, minConfidence: detectorCatalogue[detector].minConfidence };
  let pipeline: FacePipeline;
  let images: Uint8Array[];
  let single: (FaceAnalysis | Error)[];

  beforeAll(async () => {
    ({ pipeline } = await openPipeline("onnx-cpu"));
    const { twoFaces, noFace, oneFaceSmall, cutShort, other } = drawnImages;
    const small = await oneFaceSmall();
    const turned = [3, 6].map((orientation) => sharp(small).withMetadata({ orientation }).toBuffer());
    // An image cut short is among them, and the same size twice so that levels share runs.
    images = [await twoFaces(), await noFace(), small, await cutShort(), ...(await Promise.all(turned))];
    images.push(await other(), await portrait());
    single = [];
    for (const bytes of images) single.push(...(await pipeline.run([{ bytes, options }])));
  });

  afterAll(() => pipeline?.close());

  it.each([
    ["in order", (n: number) => Array.from({ length: n }, (_, i) => i)],
    ["reversed", (n: number) => Array.from({ length: n }, (_, i) => n - 1 - i)],
    ["interleaved", (n: number) => Array.from({ length: n }, (_, i) => (i * 3) % n)],
    ["with repetitions", (n: number) => Array.from({ length: 2 * n }, (_, i) => (i * 5) % n)],
  ])("gives what N batches of 1 give, %s", async (_, permutation) => {
    const order = permutation(images.length);
    const together = await pipeline.run(order.map((i) => ({ bytes: images[i] as Uint8Array, options })));
    expect(together).toHaveLength(order.length);
    for (const [slot, i] of order.entries()) expectSame(together[slot], single[i]);
  });

  it("fails the broken image alone, with its problem", () => {
    expect(single.filter((result) => result instanceof Error)).toHaveLength(1);
    expect(single[3]).toMatchObject({ code: "image_undecodable" });
  });
});

function expectSame(actual: FaceAnalysis | Error | undefined, expected: FaceAnalysis | Error | undefined): void {
  if (actual instanceof Error || expected instanceof Error || !actual || !expected) {
    expect(actual).toMatchObject({ code: (expected as ProblemError).code, detail: (expected as ProblemError).detail });
    return;
  }
  expect(actual.image).toEqual(expected.image);
  expect(actual.faces.length).toBe(expected.faces.length);
  for (const [i, face] of actual.faces.entries()) {
    const other = expected.faces[i];
    // Sums run in another order when a batch has another size: equal to the rounding of float32.
    expect(Math.abs(face.box.x - (other?.box.x ?? Number.NaN))).toBeLessThan(0.01);
    expect(Math.abs(face.box.width - (other?.box.width ?? Number.NaN))).toBeLessThan(0.01);
    expect(Math.abs(face.landmarks!.nose.y - (other?.landmarks?.nose.y ?? Number.NaN))).toBeLessThan(0.01);
    expect(cosine(face.embedding ?? [], other?.embedding ?? [])).toBeGreaterThan(0.99999);
  }
}
