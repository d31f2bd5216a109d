import type { FacePipeline } from "@facefleet/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noPack, noPhotos, photo, portrait, skipped } from "../../../tests/support/test-data.js";
import { everyFace, openPipeline } from "./pipeline-under-test.js";

describe.skipIf(skipped("urgent images", noPack, noPhotos))("an urgent image", () => {
  let pipeline: FacePipeline;

  beforeAll(async () => {
    ({ pipeline } = await openPipeline("onnx-cpu"));
  });

  afterAll(() => pipeline?.close());

  it("passes those that came before it, and finds what it would find alone", async () => {
    const ended: string[] = [];
    const bytes = await photo("two-people.jpg");
    const first = pipeline.analyse(bytes, everyFace);
    const patient = Array.from({ length: 15 }, async () => {
      await pipeline.analyse(bytes, everyFace);
      ended.push("patient");
    });
    await first;
    const urgent = await pipeline.analyse(await portrait(), everyFace, { urgent: true });
    ended.push("urgent");
    await Promise.all(patient);
    expect(ended.indexOf("urgent")).toBeLessThanOrEqual(5);
    const [alone] = await pipeline.run([{ bytes: await portrait(), options: everyFace }]);
    expect(urgent.faces).toHaveLength((alone as typeof urgent).faces.length);
  });
});
