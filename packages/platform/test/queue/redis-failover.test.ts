import { setTimeout as sleep } from "node:timers/promises";
import { defaultTenant } from "@facefleet/contracts";
import { expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { RedisCluster } from "../../../../tests/support/redis-cluster.js";
import { SentinelRedis } from "../../../../tests/support/redis-sentinel.js";
import { payload, QueueBench, result } from "./queue-bench.js";

const loadMs = 8000;
/** How far a replica may be behind, in milliseconds: what its primary had taken last is lost with it. */
const replicaLagMs = 1000;

/** Submits jobs before, while and after something happens to Redis, and sees how those that were accepted ended. */
async function underLoad(bench: QueueBench, happen: () => Promise<unknown>) {
  const jobs = bench.jobs();
  await bench.started({ run: () => sleep(20).then(() => result) });
  await eventually(() => jobs.redis.check().then(() => true));
  const accepted: { id: string; at: number }[] = [];
  const refused: { code?: string; afterMs: number }[] = [];
  const end = Date.now() + loadMs;
  let happenedAt = end;
  const happening = sleep(1000).then(() => {
    happenedAt = Date.now();
    return happen();
  });
  while (Date.now() < end) {
    const start = Date.now();
    await jobs.submit(payload, { priority: "normal" }).then(
      ({ job }) => accepted.push({ id: job.id, at: Date.now() }),
      (error: { code?: string }) => refused.push({ ...error, code: error.code ?? "none", afterMs: Date.now() - start }),
    );
    await sleep(20);
  }
  await happening;
  const ended = await Promise.all(
    accepted.map(async ({ id, at }) => {
      // One whose end was lost with the primary is done again once its lock has run out.
      const job = await jobs.waitUntilEnded(defaultTenant, id, 60_000);
      return { state: job?.state, beforeMs: happenedAt - at };
    }),
  );
  return { ended, refused };
}

type Load = Awaited<ReturnType<typeof underLoad>>;

function expectRecovered({ ended, refused }: Load): void {
  expect(ended.length).toBeGreaterThan(50);
  expect(new Set(ended.map(({ state }) => state))).toEqual(new Set(["succeeded"]));
  for (const { code, afterMs } of refused) {
    expect(["queue_unavailable", "submission_unconfirmed"]).toContain(code);
    expect(afterMs).toBeLessThan(10_000);
  }
}

/** Of a primary that was killed, what it had not passed on to its replica is gone, and nothing else. */
function expectRecoveredByReplica({ ended, refused }: Load): void {
  const mayBeLost = ({ state, beforeMs }: Load["ended"][number]) =>
    state === undefined && beforeMs >= 0 && beforeMs < replicaLagMs;
  expectRecovered({ ended: ended.filter((job) => !mayBeLost(job)), refused });
  expect(refused.length).toBeGreaterThan(0);
}

it("follows the primary that Sentinels choose when the one before is killed", async () => {
  const redis = await SentinelRedis.start();
  const bench = new QueueBench(redis.url);
  onTestFinished(() => redis.remove());
  await sleep(2500);
  expectRecoveredByReplica(await underLoad(bench, () => redis.primary.stop("SIGKILL")));
}, 120_000);

it("follows the slot of a Cluster whose owner hands it over", async () => {
  const { cluster, bench, owner } = await clusterOf("{handed-over}");
  expectRecovered(await underLoad(bench, () => cluster.failOver()));
  expect(await cluster.owner()).not.toBe(owner);
});

it("follows the slot of a Cluster whose owner is killed", async () => {
  const { cluster, bench, owner } = await clusterOf("{killed}");
  expectRecoveredByReplica(await underLoad(bench, () => owner.stop("SIGKILL")));
  expect(await cluster.owner()).not.toBe(owner);
}, 120_000);

async function clusterOf(prefix: string) {
  const cluster = await RedisCluster.start(prefix);
  onTestFinished(() => cluster.remove());
  return { cluster, bench: new QueueBench(cluster.url, prefix), owner: await cluster.owner() };
}
