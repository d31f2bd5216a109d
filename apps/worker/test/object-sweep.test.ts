import { defaultTenant } from "@facefleet/contracts";
import {
  createObjectStore,
  FaceJobConsumer,
  FaceJobs,
  itemEnds,
  type ObjectStore,
  resultRef,
  StoredResults,
} from "@facefleet/platform";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ObjectSweep } from "../src/jobs/object-sweep.js";
import { type Fleet, isolatedFleet, payload, quiet } from "./environment.js";

let fleet: Fleet;
let store: ObjectStore;
let results: StoredResults;
let redis: Redis;

beforeEach(async () => {
  fleet = await isolatedFleet();
  store = createObjectStore(fleet.config);
  results = new StoredResults(fleet.redis, { logger: quiet, store });
  redis = new Redis(fleet.config.REDIS_URL);
});

afterEach(async () => {
  redis.disconnect();
  await fleet.remove();
});

const register = () => redis.zrange(`${fleet.config.QUEUE_PREFIX}:results`, "0", "-1");

/** Puts objects into the store whose time is over. */
async function expired(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, (_, index) => index.toString(16).padStart(32, "0"));
  for (const id of ids) await store.put(resultRef(store, id), Buffer.from("x"), { maxBytes: 1 });
  await redis.zadd(`${fleet.config.QUEUE_PREFIX}:results`, ...ids.flatMap((id) => [1, id]));
  return ids;
}

function sweepWith(parts: Partial<ConstructorParameters<typeof ObjectSweep>[0]> = {}): ObjectSweep {
  return new ObjectSweep({
    what: "stored results",
    logger: quiet,
    take: (limit) => results.takeExpired(limit),
    deleteObject: (id) => store.delete(resultRef(store, id)),
    remove: (id) => results.remove(id),
    ...parts,
  });
}

const left = async (ids: readonly string[]) => {
  const heads = await Promise.all(ids.map((id) => store.head(resultRef(store, id))));
  return heads.filter((head) => head !== undefined).length;
};

it("deletes every object whose time is over, however many there are", async () => {
  const ids = await expired(250);
  await sweepWith().sweep();
  expect([await left(ids), await register()]).toEqual([0, []]);
});

it("leaves one that cannot be deleted for a later sweep", async () => {
  const ids = await expired(3);
  const deleteObject = (id: string) =>
    id === ids[1] ? Promise.reject(new Error("no")) : store.delete(resultRef(store, id));
  await sweepWith({ deleteObject }).sweep();
  expect([await left(ids), await register()]).toEqual([1, [ids[1]]]);
});

it("deletes all the same, once, while Redis takes no writes", async () => {
  const ids = await expired(250);
  const take = async () => ({ members: ids, isLeased: false });
  await sweepWith({ take, remove: () => Promise.reject(new Error("MISCONF")) }).sweep();
  expect(await left(ids)).toBe(0);
});

it("is what deletes the large result of a job that has expired", async () => {
  const jobs = new FaceJobs(fleet.redis, { items: itemEnds, logger: quiet, store });
  const face = { box: { x: 1, y: 2, width: 3, height: 4 }, confidence: 1, crop: "A".repeat(50_000) };
  const model = { pack: "p", detector: "d", embedder: "e", dimensions: 512, fingerprint: "f" };
  const image = { width: 1, height: 1, format: "png", orientation: 1, sha256: "" };
  const timings = { queueMs: 1, fetchMs: 1, decodeMs: 1, detectMs: 1, embedMs: 1, batchSize: 1 };
  const consumer = new FaceJobConsumer(fleet.redis, {
    items: itemEnds,
    logger: quiet,
    store,
    concurrency: 1,
    run: async () => ({ image, faces: [face], dropped: [], model, timings }),
  });
  await consumer.start();
  const asked = { ...payload("detect", [{ url: "http://a.test/" }]), resultTtlSeconds: 1 };
  const { job } = await jobs.submit(asked, { priority: "normal" });
  expect((await jobs.waitUntilEnded(defaultTenant, job.id, 10_000))?.state).toBe("succeeded");
  const ids = await register();
  expect(await left(ids)).toBe(1);
  await expect.poll(() => jobs.find(defaultTenant, job.id)).toBeUndefined();
  await expect.poll(async () => sweepWith().sweep().then(register)).toEqual([]);
  expect(await left(ids)).toBe(0);
  await consumer.stop(1000);
});
