import type { FaceQuality, Landmarks } from "@facefleet/contracts";
import type { AnalysedFace, AnalysisOptions, FacePipeline } from "@facefleet/core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawnFaces, noPhotos, photo, portrait, skipped, twoPortraits } from "../../../tests/support/test-data.js";
import { openPipeline } from "./pipeline-under-test.js";

const measured: AnalysisOptions = {
  minFaceSize: 20,
  minConfidence: 0.9,
  maxFaces: 1000,
  order: "left-to-right",
  embed: false,
  quality: true,
};

describe("the quality of faces", () => {
  let pipeline: FacePipeline;

  beforeAll(async () => {
    ({ pipeline } = await openPipeline("onnx-cpu"));
  });
  afterAll(() => pipeline?.close());

  const analysed = (bytes: Uint8Array, more: Partial<AnalysisOptions> = {}) =>
    pipeline.analyse(bytes, { ...measured, ...more });
  const qualities = async (bytes: Uint8Array): Promise<FaceQuality[]> =>
    (await analysed(bytes)).faces.map(({ quality }) => quality as FaceQuality);
  const onlyQuality = async (bytes: Uint8Array): Promise<FaceQuality> => {
    const all = await qualities(bytes);
    expect(all).toHaveLength(1);
    return all[0] as FaceQuality;
  };

  it("is left out unless it is asked for", async () => {
    const { faces } = await analysed(await portrait(), { quality: false, minSharpness: 0.001 });
    expect(faces).toHaveLength(1);
    expect(faces[0]).not.toHaveProperty("quality");
  });

  it("has the roll that heads were drawn with, which look straight ahead", async () => {
    const drawn = await drawnFaces();
    const found = [...(await qualities(await portrait())), ...(await qualities(await twoPortraits()))];
    const tilts = [...drawn.portrait, ...drawn.twoPortraits].map(({ landmarks }) => eyeSlope(landmarks));
    expect(tilts.map(Math.round)).toEqual([-2, 4, -4]);
    expect(found).toHaveLength(tilts.length);
    for (const [i, { pose }] of found.entries()) {
      expect(Math.abs(pose.roll - (tilts[i] as number))).toBeLessThan(2);
      expect(Math.abs(pose.yaw)).toBeLessThan(8);
    }
  });

  it("falls in sharpness with every blur, and stays in brightness", async () => {
    const bytes = await portrait();
    const blurred = await Promise.all([2, 4, 8, 12].map((sigma) => sharp(bytes).blur(sigma).png().toBuffer()));
    const values: FaceQuality[] = [];
    for (const picture of [bytes, ...blurred]) values.push(await onlyQuality(picture));
    for (const [i, { sharpness, brightness }] of values.entries()) {
      if (i > 0) expect(sharpness).toBeLessThan((values[i - 1] as FaceQuality).sharpness * 0.9);
      expect(Math.abs(brightness - (values[0] as FaceQuality).brightness)).toBeLessThan(0.03);
    }
  });

  it("follows the light in brightness, and not in sharpness", async () => {
    const bytes = await portrait();
    const dimmed = await onlyQuality(await sharp(bytes).linear(0.5, 0).png().toBuffer());
    const { sharpness, brightness } = await onlyQuality(bytes);
    expect(dimmed.brightness / brightness).toBeCloseTo(0.5, 1);
    expect(Math.abs(dimmed.sharpness / sharpness - 1)).toBeLessThan(0.1);
  });

  it("hardly depends on the face's size, from 64 pixels up", async () => {
    const bytes = await portrait();
    const whole = await onlyQuality(bytes);
    for (const width of [360, 240, 160]) {
      const smaller = await onlyQuality(await sharp(bytes).resize(width).png().toBuffer());
      expect(Math.abs(smaller.sharpness / whole.sharpness - 1)).toBeLessThan(0.3);
      expect(Math.abs(smaller.brightness - whole.brightness)).toBeLessThan(0.03);
      expect(Math.abs(smaller.pose.yaw - whole.pose.yaw)).toBeLessThan(6);
    }
  });

  it("decides what is dropped, one reason a face", async () => {
    const picture = await twoPortraits();
    const { faces } = await analysed(picture);
    const [ben, cleo] = faces as [AnalysedFace, AnalysedFace];
    const shorterSide = (face: AnalysedFace) => Math.min(face.box.width, face.box.height);
    const sideLimit = (shorterSide(ben) + shorterSide(cleo)) / 2;
    const small = await analysed(picture, { minBoxSize: sideLimit });
    expect(small.faces).toEqual([shorterSide(ben) > shorterSide(cleo) ? ben : cleo]);
    expect(small.dropped).toMatchObject([{ reason: "too_small" }]);
    const none = await analysed(picture, { minBoxSize: sideLimit, maxRoll: 1, minSharpness: 64 });
    expect(none.faces).toEqual([]);
    expect(none.dropped.map(({ reason }) => reason).sort()).toEqual(["tilted", "too_small"]);
  });

  describe.skipIf(skipped("the quality of faces in photos", noPhotos))("in photos", () => {
    const turned = ["person-d-1.jpg", "portrait-a.jpg", "two-people.jpg", "group-six.jpg"];

    it.each(turned)("has its yaw and roll negated in the mirror: %s", async (name) => {
      const bytes = await photo(name);
      const straight = await qualities(bytes);
      const mirrored = (await qualities(await sharp(bytes).autoOrient().flop().png().toBuffer())).reverse();
      expect(mirrored).toHaveLength(straight.length);
      for (const [i, { pose, sharpness, brightness }] of straight.entries()) {
        const other = mirrored[i] as FaceQuality;
        // The networks do not see a face and its mirror image quite alike.
        expect(Math.abs(other.pose.yaw + pose.yaw)).toBeLessThan(7);
        expect(Math.abs(other.pose.roll + pose.roll)).toBeLessThan(4);
        expect(Math.abs(other.pose.pitch - pose.pitch)).toBeLessThan(7);
        expect(Math.abs(other.sharpness / sharpness - 1)).toBeLessThan(0.15);
        expect(Math.abs(other.brightness - brightness)).toBeLessThan(0.03);
      }
    });

    it("is the same whatever shares the batch", async () => {
      const images = await Promise.all(["two-people.jpg", "group-six.jpg", "same-240p.jpg", "no-faces.jpg"].map(photo));
      const alone: FaceQuality[][] = [];
      for (const bytes of images) alone.push(await qualities(bytes));
      const together = await pipeline.run(images.map((bytes) => ({ bytes, options: measured })).reverse());
      for (const [slot, analysis] of together.reverse().entries()) {
        if (analysis instanceof Error) throw analysis;
        expect(analysis.faces).toHaveLength(alone[slot]?.length as number);
        for (const [i, { quality }] of analysis.faces.entries()) expectSame(quality, alone[slot]?.[i]);
      }
    });

    it("keeps the small faces of a crowd until a size is asked for", async () => {
      const crowd = await photo("crowd-b.jpg");
      const all = await analysed(crowd);
      const small = all.faces.filter(({ box }) => Math.min(box.width, box.height) < 20);
      expect(small.length).toBeGreaterThan(0);
      expect(all.dropped.filter(({ reason }) => reason !== "low_confidence")).toEqual([]);
      const large = await analysed(crowd, { minBoxSize: 20 });
      expect(large.faces).toHaveLength(all.faces.length - small.length);
      expect(large.dropped.filter(({ reason }) => reason === "too_small")).toHaveLength(small.length);
    });
  });
});

function eyeSlope({ leftEye, rightEye }: Landmarks): number {
  return (Math.atan2(rightEye.y - leftEye.y, rightEye.x - leftEye.x) * 180) / Math.PI;
}

function expectSame(actual: FaceQuality | undefined, expected: FaceQuality | undefined): void {
  expect(actual?.sharpness).toBeCloseTo(expected?.sharpness ?? Number.NaN, 2);
  expect(actual?.brightness).toBeCloseTo(expected?.brightness ?? Number.NaN, 3);
  for (const angle of ["yaw", "pitch", "roll"] as const) {
    expect(actual?.pose[angle]).toBeCloseTo(expected?.pose[angle] ?? Number.NaN, 1);
  }
}
