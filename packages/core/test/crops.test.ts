import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { twoPortraits } from "../../../tests/support/test-data.js";
import { everyFace, openPipeline } from "./pipeline-under-test.js";

describe("crops", () => {
  let opened: Awaited<ReturnType<typeof openPipeline>>;
  beforeAll(async () => {
    opened = await openPipeline("onnx-cpu");
  });
  afterAll(() => opened?.pipeline.close());

  it("show each face with its margin, and only when asked for", async () => {
    const bytes = await twoPortraits();
    const { faces } = await opened.pipeline.analyse(bytes, { ...everyFace, crops: true });
    expect(faces).toHaveLength(2);
    for (const { box, crop } of faces) {
      const { data, info } = await sharp(crop).raw().toBuffer({ resolveWithObject: true });
      expect(info).toMatchObject({ width: 160, height: 160, channels: 3 });
      // 32 of the crop's 160 pixels lie outside the box, as many on each side.
      const scale = 160 / (160 - 32) / 2;
      const left = Math.round(box.x + box.width / 2 - box.width * scale);
      const top = Math.round(box.y + box.height / 2 - box.height * scale);
      const region = {
        left,
        top,
        width: Math.round(2 * box.width * scale),
        height: Math.round(2 * box.height * scale),
      };
      const wanted = await sharp(bytes)
        .removeAlpha()
        .extract(region)
        .resize(160, 160, { fit: "fill" })
        .raw()
        .toBuffer();
      const difference = wanted.reduce((sum, value, i) => sum + Math.abs(value - data[i]!), 0) / wanted.length;
      expect(difference).toBeLessThan(6);
    }
    const without = await opened.pipeline.analyse(bytes, everyFace);
    expect(without.faces.every((face) => !("crop" in face))).toBe(true);
  });
});
