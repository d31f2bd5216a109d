import type { FaceAnalysis, FacePipeline } from "@facefleet/core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { portrait } from "../../../tests/support/test-data.js";
import { intersectionOverUnion } from "../src/evaluation/match-boxes.js";
import { cosine, everyFace, openPipeline } from "./pipeline-under-test.js";

let pipeline: FacePipeline;
let upright: FaceAnalysis;
beforeAll(async () => {
  ({ pipeline } = await openPipeline("onnx-cpu"));
  upright = await pipeline.analyse(await portrait(), { ...everyFace, quality: true });
});
afterAll(() => pipeline.close());

const all = [0, 90, 180, 270] as const;

describe("a picture that lies on its side or its head", () => {
  it.each([90, 180, 270] as const)("turned back by %d degrees shows its face", async (turn) => {
    const lying = await sharp(await portrait())
      .rotate(360 - turn)
      .png()
      .toBuffer();
    const { faces, image, model } = await pipeline.analyse(lying, { ...everyFace, quality: true, orientations: all });
    const [expected] = upright.faces;
    expect(faces).toHaveLength(1);
    const [face] = faces;
    expect(face!.turned).toBe(turn);
    // In pixels of the picture as it lies.
    const { width, height } = await sharp(lying).metadata();
    expect(image).toMatchObject({ width, height });
    const { x, y, ...size } = expected!.box;
    const [w, h] = [upright.image.width, upright.image.height];
    const lyingBox = {
      90: { x: y, y: w - x - size.width, width: size.height, height: size.width },
      180: { x: w - x - size.width, y: h - y - size.height, ...size },
      270: { x: h - y - size.height, y: x, width: size.height, height: size.width },
    }[turn];
    expect(intersectionOverUnion(face!.box, lyingBox)).toBeGreaterThan(0.99);
    // Named as they are once it is turned: the left eye is left of the right one there.
    const { leftEye, rightEye } = face!.landmarks!;
    const eyes = { x: rightEye.x - leftEye.x, y: rightEye.y - leftEye.y };
    const direction = { 90: { x: 0, y: -1 }, 180: { x: -1, y: 0 }, 270: { x: 0, y: 1 } }[turn];
    expect((eyes.x * direction.x + eyes.y * direction.y) / Math.hypot(eyes.x, eyes.y)).toBeGreaterThan(0.95);
    expect(face!.quality).toEqual(expected!.quality);
    expect(cosine(face!.embedding!, expected!.embedding!)).toBeGreaterThan(0.9999);
    expect(model).toEqual(upright.model);
  });

  it("is not turned where a face is found before, and is looked at only as asked for", async () => {
    const found = await pipeline.analyse(await portrait(), { ...everyFace, orientations: all });
    expect(found.faces.map(({ box, turned }) => ({ box, turned }))).toEqual([
      { box: upright.faces[0]!.box, turned: undefined },
    ]);
    const onItsHead = await pipeline.analyse(await portrait(), { ...everyFace, orientations: [180] });
    expect(onItsHead.faces).toEqual([]);
  });

  it("is answered as the first look found its face where that stands in none", async () => {
    const lying = await sharp(await portrait())
      .rotate(90)
      .png()
      .toBuffer();
    const [first, ...others] = (await pipeline.analyse(lying, { ...everyFace, quality: true })).faces;
    expect(others).toEqual([]);
    expect(first!.quality!.pose.roll).toBeGreaterThan(60);
    const { faces } = await pipeline.analyse(lying, { ...everyFace, quality: true, orientations: [180, 0] });
    expect(faces).toEqual([first]);
  });

  it("says of a picture without a kept face what it dropped as it came", async () => {
    const options = { ...everyFace, minBoxSize: 2000 };
    const asItIs = await pipeline.analyse(await portrait(), options);
    const turned = await pipeline.analyse(await portrait(), { ...options, orientations: all });
    expect(turned.faces).toEqual([]);
    expect(turned.dropped).toEqual(asItIs.dropped);
    expect(turned.dropped.map(({ reason }) => reason)).toContain("too_small");
  });
});

describe("a picture that is a crop", () => {
  it("is embedded as a whole, as the crop that it is", async () => {
    const [cut] = (await pipeline.analyse(await portrait(), { ...everyFace, crops: true })).faces;
    const whole = await pipeline.analyse(cut!.crop!, { ...everyFace, detection: "none", quality: true, crops: true });
    expect(whole.dropped).toEqual([]);
    expect(whole.faces).toHaveLength(1);
    const [face] = whole.faces;
    expect(face).toMatchObject({ box: { x: 0, y: 0, width: 160, height: 160 }, confidence: 1 });
    expect(face).not.toHaveProperty("landmarks");
    expect(face).not.toHaveProperty("quality");
    expect((await sharp(face!.crop).metadata()).width).toBe(160);
    // The crop went through a JPEG.
    expect(cosine(face!.embedding!, upright.faces[0]!.embedding!)).toBeGreaterThan(0.99);
    expect(whole.model).toMatchObject({ detector: "none", pack: upright.model.pack });
    expect(whole.model).toEqual(pipeline.modelOf("standard", "none"));
    expect(whole.model.fingerprint).not.toBe(upright.model.fingerprint);
  });

  it("is taken whole, whatever its shape", async () => {
    const wide = await sharp(await portrait())
      .resize(300, 100, { fit: "fill" })
      .png()
      .toBuffer();
    const { faces } = await pipeline.analyse(wide, { ...everyFace, detection: "none" });
    expect(faces[0]).toMatchObject({ box: { x: 0, y: 0, width: 300, height: 100 } });
  });
});
