import type { AnalysisResult } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drawnImages } from "./support/drawn-images.js";
import { Fleet } from "./support/fleet.js";
import { portrait } from "./support/test-data.js";

describe("a picture of 216 faces", () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start();
  });
  afterAll(() => fleet?.stop());

  it("is analysed whole, and overtaken by those that came with it and after it", async () => {
    const options = { maxFaces: 1000 };
    const image = await portrait();
    const crowd = fleet.finished(fleet.postImage("/v1/jobs", await drawnImages.crowd(), { task: "embed", options }));
    const together = Array.from({ length: 5 }, () => fleet.postImage("/extract-embedding", image));
    const crowdEnds = crowd.then(() => "the crowd");
    expect(await Promise.race([crowdEnds, Promise.all(together).then(() => "the portraits")])).toBe("the portraits");
    for (const answer of await Promise.all(together)) expect(answer.status).toBe(200);
    const later = fleet.postImage("/extract-embedding", image);
    expect(await Promise.race([crowdEnds, later.then(() => "the later one")])).toBe("the later one");
    const { faces } = (await crowd).result as AnalysisResult;
    expect(faces).toHaveLength(216);
    for (const { embedding } of faces) expect(embedding).toHaveLength(512);
  });

  it("keeps the faces that the options ask for and says why it drops the others", async () => {
    const job = await fleet.finished(
      fleet.postImage("/v1/jobs", await drawnImages.crowd(), { task: "detect", options: { maxFaces: 5 } }),
    );
    const { faces, dropped } = job.result as AnalysisResult;
    expect(faces).toHaveLength(5);
    expect(dropped.map(({ reason }) => reason)).toEqual(Array(211).fill("over_limit"));
  });
});
