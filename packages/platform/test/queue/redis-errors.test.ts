import { defaultTenant } from "@facefleet/contracts";
import { Redis } from "ioredis";
import { expect, it, onTestFinished } from "vitest";
import { RedisCluster } from "../../../../tests/support/redis-cluster.js";
import { RedisServer } from "../../../../tests/support/redis-server.js";
import { FleetRedis } from "../../src/queue/redis/fleet-redis.js";
import { onRedisError, type RedisErrorKind } from "../../src/queue/redis/redis-errors.js";
import { payload, QueueBench, silent } from "./queue-bench.js";

/** The kinds of errors from now on. */
function heard(): Set<RedisErrorKind> {
  const kinds = new Set<RedisErrorKind>();
  onTestFinished(onRedisError((kind) => kinds.add(kind)));
  return kinds;
}

async function startedServer(): Promise<RedisServer> {
  const server = await RedisServer.start();
  onTestFinished(() => server.remove());
  return server;
}

const submitTo = (jobs: ReturnType<QueueBench["jobs"]>) => jobs.submit(payload, { priority: "normal" });

it("nothing is told of commands that succeed, nor of a script that Redis is told again", async () => {
  const kinds = heard();
  const bench = new QueueBench((await startedServer()).url);
  const jobs = bench.jobs();
  const { job } = await submitTo(jobs);
  await bench.redis.script("FLUSH");
  await submitTo(jobs);
  await jobs.cancel(defaultTenant, job.id);
  expect([...kinds]).toEqual([]);
});

it("nothing is told of the nodes of a Cluster that say where the queue is", async () => {
  const prefix = "{asked-for}";
  const cluster = await RedisCluster.start(prefix);
  const kinds = heard();
  const settings = { REDIS_URL: cluster.url, QUEUE_PREFIX: prefix };
  const redis = new FleetRedis(settings, { logger: silent });
  onTestFinished(async () => {
    await redis.close();
    await cluster.remove();
  });
  await redis.work.client.ping();
  expect([...kinds]).toEqual([]);
});

it("a Redis that is full refuses", async () => {
  const server = await startedServer();
  const bench = new QueueBench(server.url);
  const jobs = bench.jobs();
  await bench.redis.config("SET", "maxmemory", "1");
  const kinds = heard();
  await expect(submitTo(jobs)).rejects.toMatchObject({ code: "queue_unavailable" });
  expect([...kinds]).toEqual(["refused"]);
  await bench.redis.config("SET", "maxmemory", "0");
});

it("a Redis that hangs does not answer in time", async () => {
  const server = await startedServer();
  const jobs = new QueueBench(server.url).jobs();
  await submitTo(jobs);
  const kinds = heard();
  server.freeze();
  await expect(submitTo(jobs)).rejects.toMatchObject({ code: "submission_unconfirmed" });
  server.thaw();
  expect([...kinds]).toEqual(["timeout"]);
});

it("a Redis that is gone cannot be connected to", async () => {
  const server = await startedServer();
  const redis = new Redis(server.url, { retryStrategy: () => 20 });
  onTestFinished(() => redis.disconnect());
  redis.on("error", () => undefined);
  await redis.ping();
  const kinds = heard();
  await server.stop();
  await expect.poll(() => [...kinds]).toEqual(["connection"]);
});
