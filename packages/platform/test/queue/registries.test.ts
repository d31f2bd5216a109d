import type { WorkerInfo } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { UploadRegistry, WorkerRegistry } from "../../src/queue/index.js";
import { QueueBench, silent } from "./queue-bench.js";

const worker: WorkerInfo = {
  id: "w1",
  engine: "onnx-cpu",
  device: "cpu",
  model: { pack: "p", detector: "d", embedder: "e", dimensions: 512, fingerprint: "f" },
  startedAt: "2026-01-01T00:00:00.000Z",
};

function workerRegistry(bench: QueueBench): WorkerRegistry {
  const registry = new WorkerRegistry(bench.fleet, { logger: silent });
  bench.onClose(() => registry.retire());
  return registry;
}

function uploadRegistry(bench: QueueBench): UploadRegistry {
  const registry = new UploadRegistry(bench.fleet);
  return registry;
}

describe("the worker registry", () => {
  it("lists a worker from its announcement until it retires", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    expect(await jobs.workers()).toEqual([]);
    const registry = workerRegistry(bench);
    await registry.announce(worker);
    await workerRegistry(bench).announce({ ...worker, id: "w2" });
    expect((await jobs.workers()).map(({ id }) => id).sort()).toEqual(["w1", "w2"]);
    const load = { jobsInFlight: 3, jobsPerMinute: 120 };
    await registry.announce({ ...worker, device: "cuda:0" }, () => load);
    expect((await jobs.workers()).find(({ id }) => id === "w1")).toEqual({ ...worker, device: "cuda:0", load });
    await registry.retire();
    expect((await jobs.workers()).map(({ id }) => id)).toEqual(["w2"]);
  });

  it("forgets a worker whose heart has stopped", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await workerRegistry(bench).announce(worker);
    const ttl = await bench.redis.pttl(bench.keys.worker("w1"));
    expect(ttl).toBeGreaterThan(14_000);
    expect(ttl).toBeLessThanOrEqual(15_000);
    await bench.redis.pexpire(bench.keys.worker("w1"), 50);
    await eventually(async () => (await jobs.workers()).length === 0);
    expect(await bench.redis.smembers(bench.keys.workers)).toEqual([]);
  });

  it("beats every five seconds", async () => {
    const bench = new QueueBench();
    await workerRegistry(bench).announce(worker);
    await bench.redis.del(bench.keys.worker("w1"), bench.keys.workers);
    const [back] = await eventually(async () => {
      const workers = await bench.jobs().workers();
      return workers.length > 0 && workers;
    }, 6000);
    expect(back).toMatchObject(worker);
  });
});

describe("the upload registry", () => {
  const doomed = async (bench: QueueBench, registry: UploadRegistry, ids: string[]) => {
    for (const id of ids) await registry.giveUp(id);
    expect(await bench.redis.zcard(bench.keys.doomedUploads)).toBe(ids.length);
  };

  it("gives out what is to be deleted, the oldest first, up to the limit", async () => {
    const bench = new QueueBench();
    const registry = uploadRegistry(bench);
    await doomed(bench, registry, ["a", "b"]);
    await bench.redis.zadd(bench.keys.doomedUploads, 1, "b");
    await registry.announce("c", { tenant: "acme", bytes: 1 });
    expect(await registry.takeDue(1)).toEqual(["b"]);
    expect(await registry.takeDue(10)).toEqual(["a"]);
    expect(await registry.takeDue(10)).toEqual([]);
  });

  it("gives each to one of many takers", async () => {
    const bench = new QueueBench();
    const registries = [uploadRegistry(bench), uploadRegistry(bench), uploadRegistry(bench)];
    const ids = Array.from({ length: 30 }, (_, index) => `u${index}`);
    await doomed(bench, registries[0]!, ids);
    const taken = await Promise.all(registries.map((registry) => registry.takeDue(20)));
    expect(taken.flat().sort()).toEqual([...ids].sort());
  });

  it("gives a taken one again, after a minute, unless it is removed", async () => {
    const bench = new QueueBench();
    const registry = uploadRegistry(bench);
    await doomed(bench, registry, ["lost", "deleted"]);
    await registry.takeDue(10);
    await registry.remove("deleted");
    await registry.remove("deleted");
    expect(await bench.redis.zrange(bench.keys.doomedUploads, "0", "-1")).toEqual(["lost"]);
    const due = Number(await bench.redis.zscore(bench.keys.doomedUploads, "lost")) - Date.now();
    expect(due).toBeGreaterThan(50_000);
    expect(due).toBeLessThanOrEqual(60_000);
  });

  it("deletes one once more whose bytes may come later", async () => {
    const bench = new QueueBench();
    const registry = uploadRegistry(bench);
    await registry.announce("late", { tenant: "acme", bytes: 1 });
    await registry.giveUp("late", 60_000);
    expect(await registry.takeDue(10)).toEqual(["late"]);
    await registry.remove("late");
    const due = Number(await bench.redis.zscore(bench.keys.doomedUploads, "late")) - Date.now();
    expect(due).toBeGreaterThan(60_000);
    await bench.redis.zadd(bench.keys.sendableUploads, 1, "late");
    await registry.remove("late");
    expect(await bench.redis.zcard(bench.keys.doomedUploads)).toBe(0);
  });

  it("has one secret for all processes", async () => {
    const bench = new QueueBench();
    const secrets = await Promise.all([1, 2, 3].map(() => uploadRegistry(bench).secret()));
    expect(new Set(secrets).size).toBe(1);
    expect(Buffer.from(secrets[0]!, "base64url")).toHaveLength(32);
  });

  it("tells, in every process, whose an id is", async () => {
    const bench = new QueueBench();
    const [one, other] = [uploadRegistry(bench), uploadRegistry(bench)];
    const id = await one.newId("acme");
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(await one.newId("acme")).not.toBe(id);
    const forged = ["", "0".repeat(32), `${id}00`, id.slice(0, 30), `${id.slice(0, 16)}${"0".repeat(16)}`];
    expect(await other.ownOf("acme", [...forged, id, id])).toEqual([id, id]);
    expect(await other.ownOf("evil", [id])).toEqual([]);
    expect(await uploadRegistry(new QueueBench()).ownOf("acme", [id])).toEqual([]);
  });
});
