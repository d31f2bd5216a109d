import type { Landmarks } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import type { FaceView } from "../alignment/index.js";
import type { RgbImage } from "../imaging/index.js";
import { packManifest } from "../models/index.js";
import { type LocatedFace, writeCrop } from "./face-crop.js";

const settings = packManifest("facenet-20180402-114759");
const side = 160;

/** Dark, with a bright spot at each landmark; `at` brings the places in the crop to the image. */
function facePicture(at: (x: number, y: number) => { x: number; y: number }) {
  const landmarks = Object.fromEntries(
    Object.entries(settings.alignedLandmarks).map(([name, { x, y }]) => [name, at(x, y)]),
  ) as Landmarks;
  const image: RgbImage = { width: 400, height: 400, data: new Uint8Array(400 * 400 * 3) };
  for (const { x, y } of Object.values(landmarks)) {
    for (let row = Math.round(y) - 4; row < y + 4; row++) {
      for (let column = Math.round(x) - 4; column < x + 4; column++) {
        image.data.fill(255, (row * 400 + column) * 3, (row * 400 + column) * 3 + 3);
      }
    }
  }
  return { image, face: { x1: 100, y1: 100, x2: 300, y2: 300, landmarks } };
}

function cropOf(image: RgbImage, face: LocatedFace, view: FaceView): Float32Array {
  const out = new Float32Array(side * side * 3);
  writeCrop({ image, face, view }, settings, out, 0);
  return out;
}

const brightness = (crop: Float32Array, x: number, y: number) => crop[(Math.floor(y) * side + Math.floor(x)) * 3] ?? -9;

describe("writeCrop", () => {
  /** Turned by 25 degrees and twice as large. */
  const turned = (x: number, y: number) => ({ x: 1.81 * x - 0.845 * y + 120, y: 0.845 * x + 1.81 * y + 10 });
  const aligned: FaceView = { alignment: "landmarks", mirrored: false };
  const margin: FaceView = { alignment: "margin", mirrored: false };

  it("brings the landmarks of a turned face to their places", () => {
    const { image, face } = facePicture(turned);
    const crop = cropOf(image, face, aligned);
    for (const { x, y } of Object.values(settings.alignedLandmarks))
      expect(brightness(crop, x, y)).toBeGreaterThan(0.8);
    expect(brightness(crop, 82, 40)).toBeLessThan(-0.9);
  });

  it.each([aligned, margin])("mirrors what it has cut: %j", (view) => {
    const { image, face } = facePicture(turned);
    const crop = cropOf(image, face, view);
    const mirror = cropOf(image, face, { ...view, mirrored: true });
    for (const [x, y] of [
      [53, 65],
      [0, 0],
      [159, 80],
      [82, 90],
    ] as const) {
      expect(brightness(mirror, side - 1 - x, y)).toBe(brightness(crop, x, y));
    }
    expect(mirror).not.toEqual(crop);
  });

  it("takes the margin crop of a face without landmarks, and of one whose landmarks are one point", () => {
    const { image, face } = facePicture(turned);
    const expected = cropOf(image, face, margin);
    const { landmarks, ...unmarked } = face;
    const { nose } = landmarks;
    const collapsed = { leftEye: nose, rightEye: nose, nose, mouthLeft: nose, mouthRight: nose };
    expect(cropOf(image, unmarked, aligned)).toEqual(expected);
    expect(cropOf(image, { ...face, landmarks: collapsed }, aligned)).toEqual(expected);
    expect(cropOf(image, face, aligned)).not.toEqual(expected);
  });
});
