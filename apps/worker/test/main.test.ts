import { readdir, readFile } from "node:fs/promises";
import { defaultTenant } from "@facefleet/contracts";
import { createObjectStore, FaceJobs, itemEnds } from "@facefleet/platform";
import { freePort } from "@facefleet/stack";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RedisServer } from "../../../tests/support/redis-server.js";
import { ServiceProcess } from "../../../tests/support/service-process.js";
import { drawn, type Fleet, isolatedFleet, payload, quiet } from "./environment.js";

let fleet: Fleet;
let started: ServiceProcess[];

function startProcess(settings: Record<string, string> = {}, options?: { channel: boolean }): ServiceProcess {
  const worker = new ServiceProcess("worker", { ...fleet.env, LOG_LEVEL: "info", ...settings }, options);
  started.push(worker);
  return worker;
}

async function takingJobs(worker: ServiceProcess): Promise<void> {
  await expect.poll(() => worker.logged("taking jobs").length).toBe(1);
}

/** The processes that a process has started. */
async function childrenOf(parent: number): Promise<number[]> {
  const pids = (await readdir("/proc")).map(Number).filter(Number.isInteger);
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, "utf8").catch(() => "")));
  return pids.filter((_, index) => Number(stats[index]?.split(") ").pop()?.split(" ")[1]) === parent);
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

beforeEach(async () => {
  fleet = await isolatedFleet({ SHUTDOWN_DEADLINE: "50" });
  started = [];
});

afterEach(async () => {
  await Promise.all(started.map((worker) => worker.stop("SIGKILL")));
  await fleet.remove();
});

test("refuses a bad configuration with every fault", async () => {
  const worker = startProcess({ ENGINE: "abacus", MAX_BATCH_SIZE: "0" });
  expect(await worker.ended).toBe(2);
  expect(worker.output).toContain("ENGINE: Expected one of auto, onnx-cpu");
  expect(worker.output).toContain("MAX_BATCH_SIZE: Expected a whole number from 1 to 256");
});

test("without its pack, ends with one sentence that says what to do", async () => {
  const worker = startProcess({ PACK: "facenet-20180402-114759", MODELS_DIR: "/nowhere" });
  expect(await worker.ended).toBe(1);
  const fatal = worker.lines.filter(({ level }) => level === 60);
  expect(fatal).toHaveLength(1);
  expect(fatal[0]?.msg).toMatch(/^The worker cannot start\. .*facefleet models pull/);
});

describe("on the built-in pack", () => {
  let jobs: FaceJobs;

  beforeEach(async () => {
    const store = createObjectStore(fleet.config);
    jobs = new FaceJobs(fleet.redis, { items: itemEnds, logger: quiet, store });
    const key = { bucket: store.defaultBucket, key: "crowd.jpg" };
    await store.put(key, await drawn("crowd"), { maxBytes: 20_000_000 });
    await store.close();
  });

  async function submitCrowd(): Promise<string> {
    const job = payload("detect", [{ s3: { bucket: "local", key: "crowd.jpg" } }], { minFaceSize: 40 });
    return (await jobs.submit(job, { priority: "normal" })).job.id;
  }

  const stateOf = async (id: string) => (await jobs.find(defaultTenant, id))?.state;

  test("SIGTERM: what runs is finished, what waits is left, and nothing stays behind", async () => {
    const worker = startProcess({ CONCURRENCY: "2" });
    await takingJobs(worker);
    const [inference] = await childrenOf(worker.process.pid!);
    const ids = await Promise.all([submitCrowd(), submitCrowd(), submitCrowd(), submitCrowd()]);
    await expect.poll(() => jobs.depth(), { interval: 20 }).toMatchObject({ active: 2, waiting: 2 });
    const probe = () => fetch(`${worker.logged("answering probes")[0]?.address}/readyz`);
    expect((await probe()).status).toBe(200);
    const ended = worker.stop("SIGTERM");
    await expect.poll(async () => (await probe()).status, { interval: 5 }).toBe(503);
    expect(await jobs.depth()).toMatchObject({ active: 2 });
    expect(await ended).toBe(0);
    const states = (await Promise.all(ids.map(stateOf))).sort();
    expect(states).toEqual(["queued", "queued", "succeeded", "succeeded"]);
    expect(await jobs.depth()).toEqual({ waiting: 2, active: 0, delayed: 0 });
    expect(await jobs.workers()).toEqual([]);
    expect(isAlive(inference!)).toBe(false);
  });

  test("SIGTERM: what cannot be finished in time goes back to the queue", async () => {
    const worker = startProcess({ SHUTDOWN_DEADLINE: "1", MAX_BATCH_SIZE: "1", CONCURRENCY: "32" });
    await takingJobs(worker);
    const ids = await Promise.all(Array.from({ length: 20 }, submitCrowd));
    await expect.poll(async () => (await jobs.depth()).active, { interval: 20 }).toBe(20);
    await worker.stop("SIGTERM");
    const [late] = worker.logged(
      "jobs are not finished in time: they stay queued, for another worker or the next start",
    );
    expect(late?.jobs).toBeGreaterThan(0);
    const states = await Promise.all(ids.map(stateOf));
    expect(states.filter((state) => state === "queued")).toHaveLength(Number(late?.jobs));
    expect(states).not.toContain("failed");
  });

  test("SIGKILL: another worker finishes the job, once", async () => {
    const settings = { LOCK_DURATION: "2" };
    const first = startProcess(settings);
    await takingJobs(first);
    const [inference] = await childrenOf(first.process.pid!);
    const id = await submitCrowd();
    await expect
      .poll(async () => (await jobs.find(defaultTenant, id))?.progress?.stage, { interval: 10 })
      .toBe("analyse");
    await first.stop("SIGKILL");
    const second = startProcess(settings);
    const job = await jobs.waitUntilEnded(defaultTenant, id, 30_000);
    expect(job).toMatchObject({ state: "succeeded", attempts: 2 });
    await expect.poll(() => second.logged("job ended").length).toBe(1);
    expect(first.logged("job ended")).toEqual([]);
    await expect.poll(() => isAlive(inference!)).toBe(false);
  });

  test("a crash of the inference process does not cost the job", async () => {
    const worker = startProcess();
    await takingJobs(worker);
    const [inference] = await childrenOf(worker.process.pid!);
    const id = await submitCrowd();
    await expect
      .poll(async () => (await jobs.find(defaultTenant, id))?.progress?.stage, { interval: 10 })
      .toBe("analyse");
    process.kill(inference!, "SIGKILL");
    const deaths = () => worker.logged("the inference process died; starting it again").length;
    await expect.poll(deaths).toBe(1);
    expect(await jobs.waitUntilEnded(defaultTenant, id, 30_000)).toMatchObject({ state: "succeeded", attempts: 1 });
    expect(await jobs.workers()).toHaveLength(1);
  });

  test("is under 600 MB after its warm-up, and stops when the process that started it dies", async () => {
    const worker = startProcess({}, { channel: true });
    await takingJobs(worker);
    const rss = worker.logged("engine is warm")[0]?.rssMb as { inference: number; worker: number };
    expect(rss.inference).toBeGreaterThan(50);
    expect(rss.inference + rss.worker).toBeLessThan(600);
    worker.process.disconnect();
    expect(await worker.ended).toBe(0);
    expect(worker.logged("stopping")[0]?.reason).toBe("the parent process ended");
  });

  test("waits for a Redis that is not there yet, answers its probes, and then works", async () => {
    const redis = await RedisServer.reserve();
    const worker = startProcess({ REDIS_URL: redis.url, LOG_LEVEL: "info" });
    await expect.poll(() => worker.output).toContain("queue is not reachable yet");
    expect(worker.process.exitCode).toBeNull();
    try {
      await redis.start();
      await takingJobs(worker);
      expect(await worker.stop("SIGTERM")).toBe(0);
    } finally {
      await redis.remove();
    }
  });

  test("stops at once while it waits for Redis", async () => {
    const worker = startProcess({ REDIS_URL: `redis://127.0.0.1:${await freePort()}` });
    await expect.poll(() => worker.output).toContain("queue is not reachable yet");
    const start = Date.now();
    expect(await worker.stop("SIGTERM")).toBe(0);
    expect(Date.now() - start).toBeLessThan(30_000);
  });
});
