import { defaultTenant, type Job, ProblemError } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import type { FaceJobs, JobQuery } from "../../src/queue/index.js";
import { payload, QueueBench } from "./queue-bench.js";

async function submitted(jobs: FaceJobs, count: number): Promise<string[]> {
  const sent = await Promise.all(Array.from({ length: count }, () => jobs.submit(payload, { priority: "normal" })));
  return sent.map(({ job }) => job.id);
}

async function allPages(jobs: FaceJobs, query: JobQuery, between?: () => Promise<unknown>): Promise<Job[]> {
  const all: Job[] = [];
  let cursor: string | undefined;
  do {
    const page = await jobs.list(defaultTenant, { ...query, ...(cursor !== undefined && { cursor }) });
    expect(page.jobs.length).toBeLessThanOrEqual(query.limit);
    all.push(...page.jobs);
    cursor = page.cursor;
    await between?.();
  } while (cursor !== undefined);
  return all;
}

describe("the list of jobs", () => {
  it("shows each of the tenant's jobs once, newest first, while others come and go", async () => {
    const jobs = new QueueBench().jobs();
    const ids = await submitted(jobs, 57);
    await jobs.submit({ ...payload, tenant: "other" }, { priority: "normal" });
    const listed = await allPages(jobs, { limit: 10 }, () => submitted(jobs, 1));
    expect(listed.map(({ id }) => id).sort()).toEqual([...ids].sort());
    const times = listed.map(({ createdAt }) => Date.parse(createdAt));
    expect(times).toEqual([...times].sort((a, b) => b - a));
  });

  it("goes on where it was although the job at the cursor is gone", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await submitted(jobs, 6);
    const first = await jobs.list(defaultTenant, { limit: 3 });
    await bench.redis.zrem(bench.keys.jobs(defaultTenant), first.jobs.at(-1)!.id);
    const rest = await jobs.list(defaultTenant, { limit: 10, cursor: first.cursor! });
    expect(rest.jobs).toHaveLength(3);
    expect(rest).not.toHaveProperty("cursor");
    expect(new Set([...first.jobs, ...rest.jobs].map(({ id }) => id)).size).toBe(6);
  });

  it("filters by state, and leaves results out", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const [, canceled] = await submitted(jobs, 5);
    await jobs.cancel(defaultTenant, canceled!);
    const consumer = await bench.started();
    await eventually(async () => (await jobs.list(defaultTenant, { state: "succeeded", limit: 9 })).jobs.length === 4);
    await consumer.stop(1000);
    await submitted(jobs, 2);
    const states = async (query: JobQuery) => (await allPages(jobs, query)).map(({ state }) => state);
    expect(await states({ state: "queued", limit: 1 })).toEqual(["queued", "queued"]);
    expect(await states({ state: "canceled", limit: 1 })).toEqual(["canceled"]);
    expect(await states({ state: "failed", limit: 1 })).toEqual([]);
    const succeeded = await jobs.list(defaultTenant, { state: "succeeded", limit: 100 });
    expect(succeeded.jobs).toHaveLength(4);
    for (const job of succeeded.jobs) expect(job).not.toHaveProperty("result");
  });

  it("forgets jobs that were erased, and never shows items of a batch", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await jobs.submit({ ...payload, batch: { id: "b1", index: 0 } }, { priority: "low" });
    await bench.redis.pexpire(bench.keys.batchLive("b1"), 60_000);
    const [id] = await submitted(jobs, 1);
    await jobs.cancel(defaultTenant, id!);
    expect((await jobs.list(defaultTenant, { limit: 10 })).jobs).toMatchObject([{ id, state: "canceled" }]);
    expect((await jobs.list("nobody", { limit: 10 })).jobs).toEqual([]);
  });

  it("ends a page of jobs with many words, with a cursor that goes on", async () => {
    const jobs = new QueueBench().jobs();
    const metadata = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`name-${i}`, "x".repeat(4000)]));
    for (let i = 0; i < 40; i += 1) await jobs.submit({ ...payload, metadata }, { priority: "normal" });
    const page = await jobs.list(defaultTenant, { limit: 100 });
    expect(page.jobs.length).toBeLessThan(20);
    expect(await allPages(jobs, { limit: 100 })).toHaveLength(40);
  });

  it("ends a page that finds little, with a cursor that goes on", async () => {
    const jobs = new QueueBench().jobs();
    const [oldest] = await submitted(jobs, 1);
    await jobs.cancel(defaultTenant, oldest!);
    await submitted(jobs, 1200);
    const first = await jobs.list(defaultTenant, { state: "canceled", limit: 5 });
    expect(first.jobs).toEqual([]);
    const second = await jobs.list(defaultTenant, { state: "canceled", limit: 5, cursor: first.cursor! });
    expect(second.jobs.map(({ id }) => id)).toEqual([oldest]);
  });

  it.each(["", "x", "!!!", Buffer.from("1 j 2").toString("base64url"), Buffer.from("-1 j2").toString("base64url")])(
    "refuses the cursor %j",
    async (cursor) => {
      const page = new QueueBench().jobs().list(defaultTenant, { limit: 10, cursor });
      const error = await page.catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(ProblemError);
      expect(error).toMatchObject({ code: "invalid_request", extras: { errors: [{ path: "/cursor" }] } });
    },
  );
});
