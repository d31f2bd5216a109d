import { type AddressInfo, connect, createServer } from "node:net";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { defaultTenant, type ProblemError } from "@facefleet/contracts";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { RedisServer } from "../../../../tests/support/redis-server.js";
import { createLogger, type Logger } from "../../src/logging/index.js";
import {
  Batches,
  FaceJobs,
  itemEnds,
  KnownResults,
  OutboxRelay,
  QueueSweep,
  UploadRegistry,
  WebhookSecrets,
} from "../../src/queue/index.js";
import { SecretRecords } from "../../src/queue/webhooks/secret-records.js";
import { collected, heldRun, payload, QueueBench, silent } from "./queue-bench.js";

const unavailable = { code: "queue_unavailable", status: 503 };

async function refusal(call: () => Promise<unknown>): Promise<{ error: unknown; afterMs: number }> {
  const start = Date.now();
  const error = await call().then(
    (value) => Promise.reject(new Error(`Expected a refusal but received ${JSON.stringify(value)}`)),
    (reason: unknown) => reason,
  );
  return { error, afterMs: Date.now() - start };
}

function removedLater(server: RedisServer): RedisServer {
  onTestFinished(() => server.remove());
  return server;
}

function recorded(): { logger: Logger; lines: { level: number; msg: string }[] } {
  const lines: { level: number; msg: string }[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)));
      done();
    },
  });
  return { logger: createLogger({ name: "test", level: "info", format: "json", destination }), lines };
}

/** An address that leads where it is told to, as a service name does; connections stay where they are. */
async function movableAddress(first: RedisServer) {
  let target = first;
  const server = createServer((near) => {
    const far = connect(Number(new URL(target.url).port), "127.0.0.1");
    near.pipe(far).pipe(near);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, moveTo: (next: RedisServer) => (target = next) };
}

const isUsable = (jobs: FaceJobs) =>
  jobs.redis.check().then(
    () => true,
    () => false,
  );

describe("without Redis", () => {
  it("refuses every call within about a second, and works once Redis is there", async () => {
    const server = removedLater(await RedisServer.reserve());
    const bench = new QueueBench(server.url);
    const jobs = bench.jobs();
    const uploads = new UploadRegistry(bench.fleet);
    const sweep = new QueueSweep(bench.fleet, { logger: silent, store: bench.store, onEnd: async () => undefined });
    bench.onClose(() => sweep.stop());
    const known = new KnownResults(bench.fleet, { logger: silent, store: bench.store });
    const request = { tenant: defaultTenant, digest: "d" };
    const secrets = new WebhookSecrets(bench.fleet);
    const relay = new OutboxRelay(bench.fleet, { logger: silent });
    bench.onClose(() => relay.stop());
    const calls: (() => Promise<unknown>)[] = [
      () => jobs.submit(payload, { priority: "normal" }),
      () => jobs.submit(payload, { priority: "normal", idempotency: { key: "k", bodyHash: "h" } }),
      () => jobs.find(defaultTenant, "j1"),
      () => jobs.cancel(defaultTenant, "j1"),
      () => jobs.waitUntilEnded(defaultTenant, "j1", 20_000),
      () => jobs.list(defaultTenant, { limit: 10 }),
      () => jobs.retry(defaultTenant, "j1"),
      () => collected(jobs.events(defaultTenant, "j1", AbortSignal.timeout(20_000))),
      () => sweep.sweep(),
      () => jobs.webhookAttempts(defaultTenant, "j1"),
      () => jobs.resendWebhook(defaultTenant, "j1"),
      () => secrets.current(defaultTenant),
      () => secrets.rotate(defaultTenant),
      () => relay.relay(),
      () => jobs.depth(),
      () => jobs.workers(),
      () => jobs.redis.check(),
      () => uploads.announce("u", { tenant: defaultTenant, bytes: 1 }),
      () => uploads.giveUp("u"),
      () => uploads.takeDoomed(["u"]),
      () => uploads.takeDue(1),
      () => uploads.secret(),
      () => known.find(request),
      () => known.remember(request, "j1", 60),
    ];
    for (const { error, afterMs } of await Promise.all(calls.map(refusal))) {
      expect(error).toMatchObject({ ...unavailable, cause: expect.any(Error) });
      expect(afterMs).toBeLessThan(10_000);
    }
    await server.start();
    await eventually(() => isUsable(jobs));
    expect(await jobs.submit(payload, { priority: "normal" })).toMatchObject({ job: { state: "queued" } });
  });

  it("does so when Redis is lost, more than once, and keeps its jobs", async () => {
    const server = removedLater(await RedisServer.start());
    const bench = new QueueBench(server.url);
    const { logger, lines } = recorded();
    const jobs = new FaceJobs(bench.process({ logger }), { items: itemEnds, logger, store: bench.store });
    const { job } = await jobs.submit(payload, { priority: "normal" });
    for (let round = 0; round < 2; round += 1) {
      await server.stop();
      const { error, afterMs } = await refusal(() => jobs.submit(payload, { priority: "normal" }));
      // The connection may be lost only over the command.
      expect(["queue_unavailable", "submission_unconfirmed"]).toContain((error as ProblemError).code);
      expect(afterMs).toBeLessThan(10_000);
      await sleep(1500);
      await server.start();
      await eventually(() => jobs.find(defaultTenant, job.id).catch(() => undefined));
    }
    expect(await jobs.find(defaultTenant, job.id)).toMatchObject({ state: "queued" });
    expect(lines.map(({ msg }) => msg)).toEqual([
      expect.stringContaining("lost"),
      expect.stringContaining("restored"),
      expect.stringContaining("lost"),
      expect.stringContaining("restored"),
    ]);
  });

  it("does so when Redis hangs", async () => {
    const server = removedLater(await RedisServer.start());
    const jobs = new QueueBench(server.url).jobs();
    await jobs.redis.check();
    server.freeze();
    const { error, afterMs } = await refusal(() => jobs.find(defaultTenant, "j1"));
    expect(error).toMatchObject(unavailable);
    expect(afterMs).toBeLessThan(10_000);
    server.thaw();
    expect(await jobs.submit(payload, { priority: "normal" })).toMatchObject({ created: true });
  });

  it("names the key with which a submission is made once, that it may or may not have made", async () => {
    const server = removedLater(await RedisServer.start());
    const jobs = new QueueBench(server.url).jobs();
    const options = { priority: "normal" } as const;
    await jobs.redis.check();
    server.freeze();
    const { error } = await refusal(() => jobs.submit(payload, options));
    expect(error).toMatchObject({ code: "submission_unconfirmed", retryable: false });
    const key = (error as ProblemError).extras.idempotencyKey!;
    server.thaw();
    // It had been sent, and is done by a Redis that wakes.
    await eventually(() => jobs.find(defaultTenant, key).catch(() => undefined));
    const repeat = { ...options, idempotency: { key, bodyHash: "h" } };
    for (const _ of ["once", "again"]) {
      expect(await jobs.submit(payload, repeat)).toMatchObject({ created: false, job: { id: key, state: "queued" } });
    }
    expect((await jobs.depth()).waiting).toBe(1);
  });

  it("does the same for batches", async () => {
    const server = removedLater(await RedisServer.start());
    const bench = new QueueBench(server.url);
    const batches = new Batches(bench.fleet, { logger: silent, store: bench.store });
    const { options } = payload;
    const source = { items: 1 };
    const plan = {
      tenant: defaultTenant,
      task: "detect",
      options,
      priority: "low",
      source,
      resultTtlSeconds: 60,
    } as const;
    const items = [{ s3: { bucket: "photos", key: "a.jpg" } }];
    await batches.submit(plan, { items });
    server.freeze();
    const { error } = await refusal(() => batches.submit(plan, { items }));
    expect(error).toMatchObject({ code: "submission_unconfirmed" });
    const key = (error as ProblemError).extras.idempotencyKey!;
    server.thaw();
    const again = await batches.submit(plan, { items, idempotency: { key, bodyHash: "h" } });
    expect(again.batch.id).toBe(key);
    expect(await bench.redis.zcard(bench.keys.batches)).toBe(2);
    const foreign = batches.submit({ ...plan, tenant: "other" }, { items, idempotency: { key, bodyHash: "h" } });
    await expect(foreign).rejects.toMatchObject({ code: "idempotency_conflict" });
  });

  it("changes a secret once, although the answer was lost and it was asked for again", async () => {
    const server = removedLater(await RedisServer.start());
    const bench = new QueueBench(server.url);
    const secrets = new WebhookSecrets(bench.fleet);
    const { secret: before } = await secrets.current(defaultTenant);
    await secrets.rotate("other");
    server.freeze();
    for (let times = 0; times < 3; times++) {
      expect((await refusal(() => secrets.rotate(defaultTenant))).error).toMatchObject(unavailable);
    }
    server.thaw();
    const { secret: after } = await eventually(() => secrets.rotate(defaultTenant).catch(() => undefined));
    expect(after).not.toBe(before);
    const signing = await new SecretRecords(bench.redis, bench.keys).signing(defaultTenant);
    expect(signing).toEqual([after, before]);
  });

  it("queues one job for an idempotency key although its first answer was lost", async () => {
    const server = removedLater(await RedisServer.start());
    const jobs = new QueueBench(server.url).jobs();
    const options = { priority: "normal", idempotency: { key: "k", bodyHash: "h" } } as const;
    // Redis knows the scripts now, and does what it is sent as soon as it wakes.
    const earlier = await jobs.submit(payload, { ...options, idempotency: { key: "earlier", bodyHash: "h" } });
    await jobs.cancel(defaultTenant, earlier.job.id);
    server.freeze();
    expect((await refusal(() => jobs.submit(payload, options))).error).toMatchObject(unavailable);
    server.thaw();
    const again = await jobs.submit(payload, options);
    expect(again.created).toBe(true);
    expect(await jobs.submit(payload, options)).toEqual({ created: false, job: again.job });
    expect((await jobs.depth()).waiting).toBe(1);
  });

  it("ends a wait with a refusal, and hears again of ended jobs afterwards", async () => {
    const server = removedLater(await RedisServer.start());
    const bench = new QueueBench(server.url);
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    const waiting = refusal(() => jobs.waitUntilEnded(defaultTenant, job.id, 20_000));
    await sleep(200);
    await server.stop();
    expect((await waiting).error).toMatchObject(unavailable);
    await server.start();
    await eventually(() => isUsable(jobs));
    await eventually(async () => Number((await bench.redis.pubsub("NUMSUB", bench.keys.finishedChannel))[1]) === 1);
    const again = jobs.waitUntilEnded(defaultTenant, job.id, 20_000);
    await sleep(100);
    const start = Date.now();
    await jobs.cancel(defaultTenant, job.id);
    expect(await again).toMatchObject({ state: "canceled" });
    expect(Date.now() - start).toBeLessThan(1000);
  });

  it("lets a worker write the outcome when Redis has room again, in the same attempt", async () => {
    const bench = new QueueBench(removedLater(await RedisServer.start()).url);
    const jobs = bench.jobs();
    const held = heldRun();
    await bench.started({ run: held.run });
    const { job } = await jobs.submit(payload, { priority: "normal" });
    await held.taken;
    await bench.redis.config("SET", "maxmemory", "1000");
    held.letGo();
    await sleep(1500);
    await bench.redis.config("SET", "maxmemory", "0");
    const ended = await eventually(async () => {
      const seen = await jobs.find(defaultTenant, job.id);
      return seen?.finishedAt !== undefined && seen;
    });
    expect(ended).toMatchObject({ state: "succeeded", attempts: 1 });
  });

  it("lets a worker finish its job and write the outcome when Redis is back", async () => {
    const server = removedLater(await RedisServer.start());
    const bench = new QueueBench(server.url);
    const jobs = bench.jobs();
    const held = heldRun();
    await bench.started({ run: held.run });
    const { job } = await jobs.submit(payload, { priority: "normal" });
    await held.taken;
    await server.stop();
    held.letGo();
    await sleep(1000);
    await server.start();
    const done = await eventually(async () => {
      const seen = await jobs.find(defaultTenant, job.id).catch(() => undefined);
      return seen?.state === "succeeded" && seen;
    });
    expect(done.attempts).toBe(1);
    const next = await jobs.submit(payload, { priority: "normal" });
    expect(await jobs.waitUntilEnded(defaultTenant, next.job.id, 15_000)).toMatchObject({ state: "succeeded" });
  });

  it("follows its address when the primary becomes a replica and keeps its connections", async () => {
    const demoted = removedLater(await RedisServer.start());
    const promoted = removedLater(await RedisServer.start());
    const address = await movableAddress(demoted);
    const bench = new QueueBench(address.url);
    const jobs = bench.jobs();
    await bench.started();
    const finishes = async () => {
      const { job } = await jobs.submit(payload, { priority: "normal" });
      return (await jobs.waitUntilEnded(defaultTenant, job.id, 5000))?.state === "succeeded";
    };
    expect(await finishes()).toBe(true);
    address.moveTo(promoted);
    // Of a primary that does not exist: what counts here is that it takes no more writes.
    await bench.redis.replicaof("127.0.0.1", 1);
    expect((await refusal(finishes)).error).toMatchObject(unavailable);
    await eventually(() => finishes().catch(() => false));
    await bench.redis.replicaof("NO", "ONE");
  });

  it("lets a worker start before Redis does", async () => {
    const server = removedLater(await RedisServer.reserve());
    const bench = new QueueBench(server.url);
    await bench.started();
    await sleep(300);
    await server.start();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(payload, { priority: "normal" });
    expect(await jobs.waitUntilEnded(defaultTenant, job.id, 15_000)).toMatchObject({ state: "succeeded" });
  });

  it("lets a worker stop within its deadline", async () => {
    const server = removedLater(await RedisServer.start());
    const bench = new QueueBench(server.url);
    const consumer = await bench.started();
    await sleep(200);
    await server.stop();
    const start = Date.now();
    await consumer.stop(500);
    expect(Date.now() - start).toBeLessThan(10_000);
  });
});
