import type { FacePipeline } from "@facefleet/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawnImages } from "../../../tests/support/drawn-images.js";
import { portrait } from "../../../tests/support/test-data.js";
import { everyFace, openPipeline } from "./pipeline-under-test.js";

describe("an urgent image", () => {
  let pipeline: FacePipeline;

  beforeAll(async () => {
    ({ pipeline } = await openPipeline("onnx-cpu"));
  });

  afterAll(() => pipeline?.close());

  it("passes those that came before it, and finds what it would find alone", async () => {
    const ended: string[] = [];
    const [bytes, urgentBytes] = await Promise.all([drawnImages.twoFaces(), portrait()]);
    const patient = Array.from({ length: 20 }, async () => {
      await pipeline.analyse(bytes, everyFace);
      ended.push("patient");
    });
    // Behind all of them from the start: where it ends is decided by the queues, however fast the machine is.
    const urgent = await pipeline.analyse(urgentBytes, everyFace, { urgent: true });
    ended.push("urgent");
    await Promise.all(patient);
    expect(ended.indexOf("urgent")).toBeLessThanOrEqual(8);
    const [alone] = await pipeline.run([{ bytes: await portrait(), options: everyFace }]);
    expect(urgent.faces).toHaveLength((alone as typeof urgent).faces.length);
  });
});
