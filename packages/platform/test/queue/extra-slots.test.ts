import { setTimeout as sleep } from "node:timers/promises";
import type { FacePriority } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { deferred, payload, QueueBench, type Run, result } from "./queue-bench.js";

const slots = 4;

/** A worker whose jobs go on until they are let go. */
async function slowWorker() {
  const bench = new QueueBench();
  const jobs = bench.jobs();
  const running: string[] = [];
  let gate = deferred<void>();
  const run: Run = async ({ payload: { tenant } }) => {
    running.push(tenant);
    await gate.promise;
    return result;
  };
  const consumer = await bench.started({ concurrency: slots, run });
  const submit = async (tenant: string, count: number, priority: FacePriority = "normal") => {
    for (let i = 0; i < count; i++) await jobs.submit({ ...payload, tenant }, { priority });
  };
  const isRunning = (tenant: string, count: number) =>
    eventually(async () => running.filter((one) => one === tenant).length >= count);
  const letAllGo = () => {
    gate.resolve();
    gate = deferred();
  };
  return { bench, jobs, consumer, running, submit, isRunning, letAllGo };
}

describe("a worker all of whose slots are held by one tenant's slow jobs", () => {
  it("takes another tenant's jobs beyond them, up to its share", async () => {
    const { submit, isRunning, running, letAllGo } = await slowWorker();
    await submit("slow", 40);
    await isRunning("slow", slots);
    await submit("quick", 5);
    await isRunning("quick", slots / 2);
    await sleep(500);
    expect([...running].sort()).toEqual([...Array(slots / 2).fill("quick"), ...Array(slots).fill("slow")]);
    letAllGo();
  });

  it("takes a job that somebody waits for, also of that tenant, but not all of them", async () => {
    const { submit, isRunning, running, letAllGo } = await slowWorker();
    await submit("slow", slots + 2);
    await isRunning("slow", slots);
    await submit("slow", 10, "interactive");
    await isRunning("slow", slots + slots / 2);
    await sleep(500);
    expect(running).toHaveLength(slots + slots / 2);
    await submit("quick", 1, "interactive");
    await isRunning("quick", 1);
    letAllGo();
  });

  it("takes another tenant's jobs again and again, one after the other", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const gate = deferred<void>();
    const run: Run = async ({ payload: { tenant } }) => {
      if (tenant === "slow") await gate.promise;
      return result;
    };
    await bench.started({ concurrency: slots, run });
    for (let i = 0; i < slots; i++) await jobs.submit({ ...payload, tenant: "slow" }, { priority: "interactive" });
    await eventually(async () => (await jobs.depth()).active === slots);
    for (let round = 0; round < 20; round++) {
      const { job } = await jobs.submit({ ...payload, tenant: "quick" }, { priority: "interactive" });
      const ended = await jobs.waitUntilEnded("quick", job.id, 3000);
      expect(ended?.state, `round ${round}`).toBe("succeeded");
    }
    gate.resolve();
  });

  it("holds twice its slots at most, however many tenants wait", async () => {
    const { submit, isRunning, running, letAllGo } = await slowWorker();
    await submit("slow", slots + 2);
    await isRunning("slow", slots);
    for (let tenant = 0; tenant < 2 * slots; tenant++) await submit(`t${tenant}`, 1);
    await eventually(async () => running.length >= 2 * slots);
    await sleep(500);
    expect(running).toHaveLength(2 * slots);
    letAllGo();
  });

  it("goes on with as many as before, once those have ended", async () => {
    const { bench, jobs, submit, isRunning, running, letAllGo } = await slowWorker();
    await submit("slow", slots);
    await isRunning("slow", slots);
    await submit("quick", 1);
    await isRunning("quick", 1);
    letAllGo();
    await eventually(async () => (await jobs.depth()).active === 0);
    await submit("slow", 2 * slots);
    await isRunning("slow", 2 * slots);
    await sleep(500);
    expect(running.filter((tenant) => tenant === "slow")).toHaveLength(2 * slots);
    expect(await bench.queue().getActiveCount()).toBe(slots);
    letAllGo();
  });

  it("takes nobody's job beyond them while a part that they need is away", async () => {
    const { consumer, submit, isRunning, running, letAllGo } = await slowWorker();
    await submit("slow", slots);
    await isRunning("slow", slots);
    await consumer.partAway("store");
    await submit("quick", 1);
    await sleep(500);
    expect(running).toHaveLength(slots);
    await consumer.partBack("store");
    await isRunning("quick", 1);
    letAllGo();
  });
});
