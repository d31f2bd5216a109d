import { expect, it } from "vitest";
import { jobEndCounter } from "./job-end-counter.js";
import { createMetrics } from "./metrics.js";

it("shows how many jobs ended in each way, those that have not happened yet as 0", async () => {
  const metrics = createMetrics();
  jobEndCounter(metrics)({ task: "detect", state: "succeeded" });
  const text = await metrics.render();
  expect(text).toContain('facefleet_jobs_total{task="detect",state="succeeded",code=""} 1');
  expect(text).toContain('facefleet_jobs_total{task="embed",state="failed",code="store_unavailable"} 0');
  expect(text).not.toContain("image_undecodable");
});

it("shows nothing of ends that are others' to write", async () => {
  const metrics = createMetrics();
  jobEndCounter(metrics, ["canceled"]);
  const lines = (await metrics.render()).split("\n").filter((line) => line.startsWith("facefleet_jobs_total"));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter((line) => !line.includes('state="canceled"'))).toEqual([]);
});
