import { setTimeout as sleep } from "node:timers/promises";
import type { Job } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { QueueBench, result } from "./queue-bench.js";

const succeeded: Job = {
  id: "j1",
  task: "detect",
  state: "succeeded",
  createdAt: "2026-01-01T00:00:00.000Z",
  attempts: 1,
  links: { self: "/v1/jobs/j1" },
  result,
};
const canceled: Job = { ...succeeded, state: "canceled" };

describe("outcomes", () => {
  it("keeps the first outcome and refuses every other", async () => {
    const { outcomes } = new QueueBench();
    expect(await outcomes.write(succeeded, 60)).toBe(true);
    expect(await outcomes.write(canceled, 60)).toBe(false);
    expect(await outcomes.read("j1")).toEqual(succeeded);
  });

  it("lets one of many writers at the same time win", async () => {
    const { outcomes } = new QueueBench();
    const writes = await Promise.all(Array.from({ length: 20 }, () => outcomes.write(succeeded, 60)));
    expect(writes.filter(Boolean)).toHaveLength(1);
  });

  it("expires after its time to live, to the millisecond", async () => {
    const bench = new QueueBench();
    await bench.outcomes.write(succeeded, 1);
    expect(await bench.redis.pttl(bench.keys.outcome("j1"))).toBeGreaterThan(950);
    await sleep(900);
    expect(await bench.outcomes.read("j1")).toEqual(succeeded);
    await sleep(150);
    expect(await bench.outcomes.read("j1")).toBeUndefined();
  });

  it("leaves, where it was erased, a mark that expires with it and cannot be written over", async () => {
    const bench = new QueueBench();
    await bench.outcomes.write(succeeded, 100);
    await bench.outcomes.erase("j1");
    expect(await bench.outcomes.read("j1")).toBe("erased");
    expect(await bench.outcomes.write(succeeded, 500)).toBe(false);
    expect(await bench.redis.get(bench.keys.outcome("j1"))).not.toContain("sha256");
    const left = await bench.redis.pttl(bench.keys.outcome("j1"));
    expect(left).toBeGreaterThan(90_000);
    expect(left).toBeLessThanOrEqual(100_000);
  });

  it("does not make an outcome by erasing none", async () => {
    const { outcomes } = new QueueBench();
    await outcomes.erase("j1");
    expect(await outcomes.read("j1")).toBeUndefined();
  });
});
