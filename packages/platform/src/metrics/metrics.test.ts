import { Counter } from "prom-client";
import { describe, expect, it } from "vitest";
import { createMetrics } from "./metrics.js";

describe("createMetrics", () => {
  it("renders the process's metrics and our own", async () => {
    const metrics = createMetrics();
    const jobs = new Counter({ name: "facefleet_jobs_total", help: "Jobs.", registers: [metrics.registry] });
    jobs.inc(3);
    const text = await metrics.render();
    expect(text).toContain("facefleet_jobs_total 3");
    expect(text).toContain("nodejs_eventloop_lag_p99_seconds");
    expect(text).toContain("process_resident_memory_bytes");
    expect(metrics.contentType).toContain("text/plain");
  });

  it("keeps two registries of one process apart", async () => {
    const [one, other] = [createMetrics(), createMetrics()];
    new Counter({ name: "facefleet_only_one_total", help: "One.", registers: [one.registry] }).inc();
    expect(await other.render()).not.toContain("facefleet_only_one_total");
  });
});
