import { setTimeout as sleep } from "node:timers/promises";
import { defaultTenant, type FaceJobPayload, JobOptions } from "@facefleet/contracts";
import { createLogger, FaceJobs, FleetRedis, FolderObjectStore, itemEnds } from "@facefleet/platform";
import { Value } from "typebox/value";
import type { BenchContext } from "../bench-context.js";
import type { BenchReport } from "../bench-report.js";
import { BenchFleet } from "../fleet/bench-fleet.js";
import { cpuTimes } from "../fleet/cpu-time.js";
import type { WaitingWorkerSettings } from "./waiting-worker/protocol.js";
import { WaitingWorker } from "./waiting-worker.js";

const workerCounts = [1, 2, 4, 8];
const batchSize = 16;
const batchMs = 30;
const warmUpMs = 3000;
const measureMs = 4000;
/** Jobs that are put into the queue at once. */
const submitters = 64;

const payload: FaceJobPayload = {
  tenant: defaultTenant,
  task: "detect",
  images: [{ s3: { bucket: "local", key: "photos/portrait.jpg" } }],
  options: Value.Default(JobOptions, {}) as JobOptions,
  resultTtlSeconds: 60,
};

/** Jobs a second of many workers whose engine only waits: what the queue lets through, not what the machine computes. */
export async function run(context: BenchContext): Promise<BenchReport> {
  const measured: Measured[] = [];
  for (const workers of workerCounts) {
    const fleet = await BenchFleet.start(context);
    try {
      const redis = { REDIS_URL: fleet.redisUrl, QUEUE_PREFIX: "{facefleet-bench}" };
      const place = { redis, objectsDir: fleet.objectsDir };
      measured.push(await measure(workers, place, await fleet.redisPid()));
    } finally {
      await fleet.stop();
    }
  }
  return report(measured);
}

interface Measured {
  readonly workers: number;
  readonly perSecond: number;
  /** Processors kept busy; none where the system does not tell. */
  readonly busy: Partial<Record<"Redis" | "workers", number>>;
}

/** Where the jobs are, and the objects of the service. */
type QueuePlace = Pick<WaitingWorkerSettings, "redis" | "objectsDir">;

async function measure(workers: number, place: QueuePlace, redisPid: number): Promise<Measured> {
  const perWorkerMs = batchSize / batchMs;
  await fill(place, Math.ceil(1.2 * workers * perWorkerMs * (warmUpMs + measureMs)));
  const settings = { ...place, batchSize, batchMs };
  const fleet = await Promise.all(Array.from({ length: workers }, () => WaitingWorker.launch(settings)));
  for (const worker of fleet) worker.start();
  await sleep(warmUpMs);
  const look = async () => ({
    ended: await endedOf(fleet),
    cpu: await cpuTimes({ Redis: [redisPid], workers: fleet.map(({ pid }) => pid) }),
    at: performance.now(),
  });
  const before = await look();
  await sleep(measureMs);
  const after = await look();
  await Promise.all(fleet.map((worker) => worker.stop()));
  const seconds = (after.at - before.at) / 1000;
  const busy = Object.entries(after.cpu).map(([name, time]) => [
    name,
    (time - before.cpu[name as keyof Measured["busy"]]!) / (1e6 * seconds),
  ]);
  return { workers, perSecond: (after.ended - before.ended) / seconds, busy: Object.fromEntries(busy) };
}

async function endedOf(fleet: readonly WaitingWorker[]): Promise<number> {
  const counts = await Promise.all(fleet.map((worker) => worker.count()));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Puts jobs into the queue before anybody takes one, so that putting them there costs nothing meanwhile. */
async function fill({ redis: settings, objectsDir }: QueuePlace, jobs: number): Promise<void> {
  const logger = createLogger({ name: "bench", level: "warn", format: "json" });
  const redis = new FleetRedis(settings, { logger });
  const queue = new FaceJobs(redis, { items: itemEnds, logger, store: new FolderObjectStore(objectsDir) });
  let left = jobs;
  const submit = async () => {
    while (left-- > 0) await queue.submit(payload, { priority: "normal" });
  };
  await Promise.all(Array.from({ length: submitters }, submit));
  await redis.close();
}

function report(measured: readonly Measured[]): BenchReport {
  const one = measured[0]!.perSecond;
  const shares = measured.map(({ workers, perSecond }) => perSecond / (workers * one));
  return {
    name: `scale (an engine that waits ${batchMs} ms for up to ${batchSize} images)`,
    figures: measured.map(({ workers, perSecond, busy }, i) => ({
      workers,
      "jobs/s": Math.round(perSecond),
      share: shares[i]!,
      "cores: Redis": busy.Redis ?? "",
      "cores: workers": busy.workers ?? "",
    })),
    ratios: [{ name: "share of perfect scaling, 8 workers", value: shares.at(-1)!, atLeast: 0.9 }],
  };
}
