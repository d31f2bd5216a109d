import { randomUUID } from "node:crypto";
import { defaultTenant } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { idempotencyDigest } from "../../src/queue/redis/queue-keys.js";
import { payload, QueueBench } from "./queue-bench.js";

const idempotency = { key: "order 7", bodyHash: "h1" };
const digest = idempotencyDigest(defaultTenant, idempotency.key);
const options = { priority: "normal", idempotency } as const;

/** The record of a request that died after it had claimed its key, so long ago. */
async function deadClaim(bench: QueueBench, agoMs: number, jobId = `j${randomUUID()}`): Promise<string> {
  const claim = { jobId, bodyHash: "h1", claimedUntil: Date.now() + 5000 - agoMs };
  await bench.redis.hset(bench.keys.idempotency(digest), claim);
  await bench.redis.pexpire(bench.keys.idempotency(digest), 60_000);
  return jobId;
}

describe("an idempotency key", () => {
  it("makes one job of fifty requests at the same time", async () => {
    const bench = new QueueBench();
    const jobs = [bench.jobs(), bench.jobs()];
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => jobs[index % 2]!.submit(payload, options)),
    );
    expect(new Set(answers.map(({ job }) => job.id)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    expect((await jobs[0]!.depth()).waiting).toBe(1);
  });

  it("gives the same job whatever has happened to it, for a day", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const first = await jobs.submit(payload, options);
    await bench.started();
    await jobs.waitUntilEnded(defaultTenant, first.job.id, 5000);
    const second = await jobs.submit(payload, options);
    expect(second).toMatchObject({ created: false, job: { id: first.job.id, state: "succeeded" } });
    expect(await bench.redis.pttl(bench.keys.idempotency(digest))).toBeGreaterThan(86_390_000);
  });

  it.each(["erased", "expired"])("gives the job as it ended, without its content, once that is %s", async (fate) => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, options);
    await bench.started();
    const ended = await jobs.waitUntilEnded(defaultTenant, job.id, 5000);
    if (fate === "erased") await jobs.cancel(defaultTenant, job.id);
    else await bench.redis.del(bench.keys.outcome(job.id));
    const { result, metadata, ...shape } = ended!;
    expect(result).toBeDefined();
    expect(await jobs.submit(payload, options)).toEqual({ created: false, job: shape });
    expect(await jobs.depth()).toEqual({ waiting: 0, active: 0, delayed: 0 });
    expect(JSON.stringify(await bench.redis.hgetall(bench.keys.idempotency(digest)))).not.toMatch(/faces|summer/);
  });

  it("is refused with another body, and free to another tenant", async () => {
    const jobs = new QueueBench().jobs();
    const { job } = await jobs.submit(payload, options);
    const other = { ...options, idempotency: { ...idempotency, bodyHash: "h2" } };
    await expect(jobs.submit(payload, other)).rejects.toMatchObject({ code: "idempotency_conflict" });
    const foreign = await jobs.submit({ ...payload, tenant: "other" }, other);
    expect(foreign.created).toBe(true);
    expect(foreign.job.id).not.toBe(job.id);
  });

  it("outlives a process that died between its claim and its job", async () => {
    const bench = new QueueBench();
    const id = await deadClaim(bench, 4700);
    const start = Date.now();
    expect(await bench.jobs().submit(payload, options)).toMatchObject({ created: true, job: { id } });
    expect(Date.now() - start).toBeGreaterThan(250);
  });

  it("finds the job whose submission was never confirmed, instead of queueing another", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    await deadClaim(bench, 6000, job.id);
    expect(await jobs.submit(payload, options)).toEqual({ created: false, job });
    expect((await jobs.depth()).waiting).toBe(1);
    expect(await bench.redis.hget(bench.keys.idempotency(digest), "submitted")).toBe("1");
  });

  it("can be used again at once when the job could not be added", async () => {
    const jobs = new QueueBench().jobs();
    const unserializable = { ...payload, metadata: { n: 1n as unknown as string } };
    await expect(jobs.submit(unserializable, options)).rejects.toThrow(TypeError);
    const start = Date.now();
    expect(await jobs.submit(payload, options)).toMatchObject({ created: true });
    expect(Date.now() - start).toBeLessThan(1000);
  });
});
