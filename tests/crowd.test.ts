import type { AnalysisResult } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Fleet } from "./support/fleet.js";
import { noPack, noPhotos, photo, portrait, skipped } from "./support/test-data.js";

describe.skipIf(skipped("the crowd", noPack, noPhotos))("a photo of about 300 faces", () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start();
  });
  afterAll(() => fleet?.stop());

  it("is analysed whole, while other jobs overtake it", async () => {
    const options = { maxFaces: 1000 };
    const submitted = await fleet.postImage("/v1/jobs", await photo("crowd-a.jpg"), { task: "embed", options });
    const crowd = fleet.finished(submitted.clone());
    let crowdIsDone = false;
    void crowd.then(() => {
      crowdIsDone = true;
    });
    const image = await portrait();
    let overtaken = 0;
    while (!crowdIsDone) {
      const answer = await fleet.postImage("/extract-embedding", image);
      expect(answer.status).toBe(200);
      if (!crowdIsDone) overtaken++;
    }
    expect(overtaken).toBeGreaterThanOrEqual(3);
    const { faces } = (await crowd).result as AnalysisResult;
    expect(faces.length).toBeGreaterThan(270);
    for (const { embedding } of faces) expect(embedding).toHaveLength(512);
  });

  it("keeps the faces that the options ask for and says why it drops the others", async () => {
    const job = await fleet.finished(
      fleet.postImage("/v1/jobs", await photo("crowd-a.jpg"), { task: "detect", options: { maxFaces: 5 } }),
    );
    const { faces, dropped } = job.result as AnalysisResult;
    expect(faces).toHaveLength(5);
    expect(dropped.filter(({ reason }) => reason === "over_limit").length).toBeGreaterThan(260);
    expect(dropped.some(({ reason }) => reason === "low_confidence")).toBe(true);
  });
});
