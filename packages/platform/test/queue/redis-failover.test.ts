import { setTimeout as sleep } from "node:timers/promises";
import { defaultTenant } from "@facefleet/contracts";
import { expect, it, onTestFinished } from "vitest";
import { RedisCluster } from "../../../../tests/support/redis-cluster.js";
import { SentinelRedis } from "../../../../tests/support/redis-sentinel.js";
import { eventually, payload, QueueBench, result } from "./queue-bench.js";

const loadMs = 8000;

/** Submits jobs before, while and after something happens to Redis. Returns the ids that were accepted, and the refusals. */
async function underLoad(bench: QueueBench, happen: () => Promise<unknown>) {
  const jobs = bench.jobs();
  await bench.started({ run: () => sleep(20).then(() => result) });
  await eventually(() => jobs.ping().then(() => true));
  const accepted: string[] = [];
  const refused: { code?: string; afterMs: number }[] = [];
  const end = Date.now() + loadMs;
  const happening = sleep(1000).then(happen);
  while (Date.now() < end) {
    const start = Date.now();
    await jobs.submit(payload, { priority: "normal" }).then(
      ({ job }) => accepted.push(job.id),
      (error: { code?: string }) => refused.push({ ...error, code: error.code ?? "none", afterMs: Date.now() - start }),
    );
    await sleep(20);
  }
  await happening;
  const states = await Promise.all(
    accepted.map(async (id) => (await jobs.waitUntilFinished(defaultTenant, id, 20_000))?.state),
  );
  return { accepted, refused, states };
}

function expectRecovered({ accepted, refused, states }: Awaited<ReturnType<typeof underLoad>>): void {
  expect(accepted.length).toBeGreaterThan(50);
  expect(new Set(states)).toEqual(new Set(["succeeded"]));
  for (const { code, afterMs } of refused) {
    expect(code).toBe("queue_unavailable");
    expect(afterMs).toBeLessThan(1500);
  }
}

it("follows the primary that Sentinels choose when the one before is killed", async () => {
  const redis = await SentinelRedis.start();
  const bench = new QueueBench(redis.url);
  onTestFinished(() => redis.remove());
  await sleep(2500);
  const load = await underLoad(bench, () => redis.primary.stop("SIGKILL"));
  expectRecovered(load);
  expect(load.refused.length).toBeGreaterThan(0);
});

it.each(["handed over", "killed"])("follows the slot of a Cluster whose owner is %s", async (how) => {
  const reserved = "{failover}";
  const cluster = await RedisCluster.start(reserved);
  const bench = new QueueBench(cluster.url, reserved);
  onTestFinished(() => cluster.remove());
  const owner = await cluster.owner();
  expectRecovered(await underLoad(bench, () => (how === "killed" ? owner.stop("SIGKILL") : cluster.failOver())));
  expect(await cluster.owner()).not.toBe(owner);
});
