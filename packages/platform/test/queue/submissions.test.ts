import { defaultTenant, queueCatalogue } from "@facefleet/contracts";
import type { Queue } from "bullmq";
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { tenantField } from "../../src/queue/jobs/admission/admit-and-queue.js";
import { jobOptions } from "../../src/queue/jobs/job/face-queue.js";
import { payload, QueueBench } from "./queue-bench.js";

/* BullMQ's layout is its own affair, and our script writes it: here it is held against the BullMQ that is installed. */

const normal = queueCatalogue.faces.priorities.normal;

/** Every key of BullMQ but its events, with all that it holds, whatever the prefix. */
async function bullKeys({ redis, settings: { QUEUE_PREFIX } }: QueueBench): Promise<Record<string, unknown>> {
  const prefix = `${QUEUE_PREFIX}:${queueCatalogue.faces.name}:`;
  const names = (await redis.keys(`${prefix}*`)).filter((key) => key !== `${prefix}events`).sort();
  const held = await Promise.all(names.map(async (key) => [key.slice(prefix.length), await content(redis, key)]));
  return Object.fromEntries(held);
}

async function content(redis: Redis, key: string): Promise<unknown> {
  const type = await redis.type(key);
  if (type === "zset") return redis.zrange(key, "0", "-1", "WITHSCORES");
  if (type === "string") return redis.get(key);
  if (type === "list") return redis.lrange(key, 0, -1);
  const { opts, ...fields } = await redis.hgetall(key);
  return { type, ...fields, ...(opts !== undefined && { opts: JSON.parse(opts) }) };
}

const situations: Record<string, (queue: Queue, redis: Redis) => Promise<unknown>> = {
  "an idle queue": (queue) => queue.waitUntilReady(),
  "a paused queue": (queue) => queue.pause(),
  "a queue that may do more": (queue) => queue.setGlobalConcurrency(1),
  "a queue at its limit": async (queue, redis) => {
    await queue.setGlobalConcurrency(1);
    await redis.lpush(queue.toKey("active"), "another");
  },
};

describe("a submitted job", () => {
  it.each(Object.entries(situations))("is left as BullMQ's own add leaves it, in %s", async (_, prepare) => {
    const [ours, theirs] = [new QueueBench(), new QueueBench()];
    const queue = theirs.queue();
    await prepare(ours.queue(), ours.redis);
    await prepare(queue, theirs.redis);
    const jobs = ours.jobs();
    const data = { ...payload, metadata: { "ключ\u0000": '"\ud83d\ude00\\\n' } };
    const submitted = [
      ...(await Promise.all([payload, data].map((one) => jobs.submit(one, { priority: "normal" })))),
      await jobs.submit(data, { priority: "normal" }),
    ];
    for (const [index, { job }] of submitted.entries()) {
      const own = { jobId: job.id, priority: normal.first, timestamp: Date.parse(job.createdAt) };
      await queue.add(payload.task, index === 0 ? payload : data, { ...jobOptions, ...own });
      // BullMQ passes over what it does not know: the one field that is ours.
      await theirs.redis.hset(queue.toKey(job.id), tenantField, defaultTenant);
    }
    expect(await bullKeys(ours)).toEqual(await bullKeys(theirs));
  });

  it("has its uploads, which nobody else deletes, from the moment on that it is queued", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await bench.redis.zadd(bench.keys.waitingUploads, 1, "a", 2, "b", 3, "c", 4, "d");
    const verify = { ...payload, images: [{ upload: "a" }, { upload: "b" }] };
    const refused = { ...payload, images: [{ upload: "c" }] };
    const answers = await Promise.allSettled(
      [verify, refused].map((one) => jobs.submit(one, { priority: "normal", maxQueuedJobs: 1 })),
    );
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(await bench.redis.zrange(bench.keys.waitingUploads, "0", "-1")).toEqual(["c", "d"]);
    expect(await bench.redis.zcard(bench.keys.heldUploads)).toBe(2);
  });

  it("stays as it is when it is submitted again, beside new ones", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await jobs.submit(payload, { priority: "normal", id: "j-1" });
    const before = await bench.redis.hgetall(bench.queue().toKey("j-1"));
    const other = { ...payload, metadata: { album: "winter" } };
    await Promise.all(["j-1", "j-2", "j-2"].map((id) => jobs.submit(other, { priority: "normal", id })));
    expect(await bench.redis.hgetall(bench.queue().toKey("j-1"))).toEqual(before);
    expect((await jobs.depth()).waiting).toBe(2);
    expect(await bench.redis.zcard(bench.keys.live(defaultTenant))).toBe(2);
  });
});

describe("jobs that are submitted at the same time", () => {
  it("each have their own answer", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const submissions = Array.from({ length: 250 }, (_, index) =>
      jobs.submit(
        { ...payload, tenant: `t${index % 3}`, metadata: { index: String(index) } },
        { priority: index % 2 ? "high" : "low", maxQueuedJobs: index % 3 === 0 ? 40 : undefined },
      ),
    );
    const settled = await Promise.allSettled(submissions);
    const accepted = settled.flatMap((one, index) => (one.status === "fulfilled" ? [{ ...one.value.job, index }] : []));
    const refused = settled.flatMap((one) => (one.status === "rejected" ? [one.reason] : []));
    expect(refused).toHaveLength(84 - 40);
    for (const error of refused) expect(error).toMatchObject({ code: "too_many_jobs" });
    expect(new Set(accepted.map(({ id }) => id)).size).toBe(250 - 44);
    expect((await jobs.depth()).waiting).toBe(250 - 44);
    for (const { id, index, metadata } of accepted.slice(0, 20)) {
      expect(metadata).toEqual({ index: String(index) });
      expect(await jobs.find(`t${index % 3}`, id)).toMatchObject({ id, metadata });
    }
  });

  it("are queued in the order in which they came", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const ids = Array.from({ length: 120 }, (_, index) => `j-${index}`);
    await Promise.all(ids.map((id) => jobs.submit(payload, { priority: "normal", id })));
    expect(await bench.redis.zrange(bench.queue().toKey("prioritized"), "0", "-1")).toEqual(ids);
  });
});
