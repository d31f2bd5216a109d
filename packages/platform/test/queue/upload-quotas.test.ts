import type { FaceJobPayload, JobResult } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { type UploadClaim, UploadRegistry } from "../../src/queue/index.js";
import { payload, QueueBench, result } from "./queue-bench.js";

const acme: UploadClaim = { tenant: "acme", bytes: 1000 };
const owned: FaceJobPayload = { ...payload, tenant: "acme" };

function open(bench: QueueBench): UploadRegistry {
  const uploads = new UploadRegistry(bench.fleet);
  return uploads;
}

/** What is on the ledgers, and how many uploads there are. */
async function sums({ redis, keys }: QueueBench) {
  const [kept, stored, counts] = await Promise.all(
    [keys.keptBytes, keys.storedBytes, keys.uploadCounts].map((key) => redis.hget(key, "acme")),
  );
  return { kept: Number(kept), stored: Number(stored), count: Number(counts) };
}

const nothing = { kept: 0, stored: 0, count: 0 };

describe("uploads", () => {
  it("are as many as their tenant may have, and take no more than it may", async () => {
    const bench = new QueueBench();
    const uploads = open(bench);
    await uploads.announce("a", { ...acme, maxUploads: 2 });
    await uploads.announce("b", { ...acme, maxUploads: 2 });
    const refused = (code: string) => expect.objectContaining({ code, status: 429 });
    await expect(uploads.announce("c", { ...acme, maxUploads: 2 })).rejects.toEqual(refused("too_many_uploads"));
    await expect(uploads.announce("c", { ...acme, maxStoredBytes: 2999 })).rejects.toEqual(refused("too_much_stored"));
    await expect(uploads.announce("c", { ...acme, maxKeptBytes: 1200 })).rejects.toEqual(refused("too_much_kept"));
    expect(await sums(bench)).toMatchObject({ stored: 2000, count: 2 });
    await uploads.announce("c", { ...acme, maxUploads: 3, maxStoredBytes: 3000, maxKeptBytes: 1e6 });
    await uploads.announce("d", { ...acme, tenant: "globex", maxUploads: 1, maxStoredBytes: 1000 });
    expect(await sums(bench)).toMatchObject({ stored: 3000, count: 3 });
  });

  it("count for what they are, once that is known, and not again once they are gone", async () => {
    const bench = new QueueBench();
    const uploads = open(bench);
    await uploads.announce("a", acme);
    await uploads.arrived("a", 400);
    expect(await sums(bench)).toMatchObject({ stored: 400, count: 1 });
    await uploads.arrived("never announced", 400);
    expect(await sums(bench)).toMatchObject({ stored: 400, count: 1 });
    await uploads.giveUp("a");
    await uploads.remove("a");
    expect(await sums(bench)).toEqual(nothing);
  });

  it("count until they are deleted, whoever has them meanwhile", async () => {
    const bench = new QueueBench();
    const uploads = open(bench);
    const jobs = bench.jobs();
    await uploads.announce("a", acme);
    const { job } = await jobs.submit({ ...owned, images: [{ upload: "a" }] }, { priority: "normal" });
    expect(await sums(bench)).toMatchObject({ stored: 1000, count: 1 });
    await jobs.cancel("acme", job.id);
    expect(await uploads.takeDoomed(["a"])).toEqual(["a"]);
    expect(await sums(bench)).toMatchObject({ stored: 1000, count: 1 });
    await uploads.remove("a");
    await uploads.remove("a");
    expect(await sums(bench)).toMatchObject({ stored: 0, count: 0 });
  });

  it("that can still be sent past us are deleted again when they cannot, and count until then", async () => {
    const bench = new QueueBench();
    const uploads = open(bench);
    await uploads.announce("a", { ...acme, sendableMs: 60_000 });
    await uploads.giveUp("a");
    expect(await uploads.takeDoomed(["a"])).toEqual(["a"]);
    await uploads.remove("a");
    expect(await sums(bench)).toMatchObject({ stored: 1000, count: 1 });
    expect(await uploads.announceAgain("a")).toBe(false);
    expect(Number(await bench.redis.zscore(bench.keys.doomedUploads, "a"))).toBeGreaterThan(Date.now() + 60_000);
    await bench.redis.zadd(bench.keys.sendableUploads, 1, "a");
    await bench.redis.zadd(bench.keys.doomedUploads, 1, "a");
    expect(await uploads.takeDue(10)).toEqual(["a"]);
    await uploads.remove("a");
    expect(await sums(bench)).toEqual(nothing);
    expect(await bench.redis.zcard(bench.keys.sendableUploads)).toBe(0);
  });
});

describe("what a tenant has in the object store", () => {
  const large = { ...result, pad: "x".repeat(100_000) } as unknown as JobResult;

  it("counts large results until they are deleted, and bounds jobs", async () => {
    const bench = new QueueBench();
    const jobs = bench.jobs();
    await bench.started({ run: async () => large });
    const { job } = await jobs.submit(owned, { priority: "normal" });
    await jobs.waitUntilEnded("acme", job.id, 10_000);
    expect((await sums(bench)).stored).toBe(JSON.stringify(large).length);
    const limits = { priority: "normal", maxStoredBytes: 50_000 } as const;
    const refused = expect.objectContaining({ code: "too_much_stored", status: 429 });
    await expect(jobs.submit(owned, limits)).rejects.toEqual(refused);
    await jobs.cancel("acme", job.id);
    expect((await sums(bench)).stored).toBe(0);
    expect((await jobs.submit(owned, limits)).created).toBe(true);
  });
});
