import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { readScrapeTargets, scrapeTargetsFile, writeScrapeTargets } from "./scrape-targets.js";

it("targets are written before there is a data folder, as with a Redis of one's own, and read back", async () => {
  const folder = await mkdtemp(join(tmpdir(), "facefleet-targets-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const file = scrapeTargetsFile(join(folder, "new"));
  const [api, worker] = ["http://127.0.0.1:3000", "http://127.0.0.1:3001"] as const;
  await writeScrapeTargets(file, [
    { job: "facefleet-api", address: api },
    { job: "facefleet-worker", address: worker },
  ]);
  expect(await readScrapeTargets(file)).toEqual([api, worker]);
});
