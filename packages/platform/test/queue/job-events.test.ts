import { setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultTenant, type Job } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { collected, heldRun, payload, QueueBench } from "./queue-bench.js";

describe("the events of a job", () => {
  it("show it as it is, then each change, and end with its end", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    const seen: Job[] = [];
    const events = (async () => {
      for await (const event of jobs.events(defaultTenant, job.id, new AbortController().signal)) seen.push(event);
    })();
    await eventually(async () => seen.length === 1);
    const held = heldRun();
    await bench.started({ run: held.run });
    (await held.taken).reportStage("analyse");
    await eventually(async () => seen.at(-1)?.progress?.stage === "analyse");
    await sleep(700);
    held.letGo();
    await events;
    expect(seen[0]).toEqual(job);
    const states = seen.map(({ state }) => state);
    expect(new Set(states)).toEqual(new Set(["queued", "active", "succeeded"]));
    expect(new Set(seen.map((event) => JSON.stringify(event))).size).toBe(seen.length);
    expect(Date.now() - Date.parse(seen.at(-1)!.finishedAt!)).toBeLessThan(400);
    for (const event of seen) expect(event).not.toHaveProperty("result");
  });

  it("of an ended job are its end", async () => {
    const jobs = new QueueBench().jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    await jobs.cancel(defaultTenant, job.id);
    const events = await collected(jobs.events(defaultTenant, job.id, new AbortController().signal));
    expect(events).toMatchObject([{ id: job.id, state: "canceled" }]);
  });

  it("end when the signal fires, and open one connection for all", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    const over = new AbortController();
    setMaxListeners(0, over.signal);
    const streams = Array.from({ length: 100 }, () => collected(jobs.events(defaultTenant, job.id, over.signal)));
    await sleep(300);
    expect(Number((await bench.redis.pubsub("NUMSUB", bench.keys.finishedChannel))[1])).toBe(1);
    const start = Date.now();
    over.abort();
    for (const events of await Promise.all(streams)) expect(events).toEqual([job]);
    expect(Date.now() - start).toBeLessThan(500);
  });

  it("end with the job when it is erased meanwhile", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    const events = collected(jobs.events(defaultTenant, job.id, AbortSignal.timeout(20_000)));
    await sleep(100);
    await bench.queue().remove(job.id);
    expect(await events).toEqual([job]);
  });
});
