import { BatchSteps, createObjectStore, type ObjectStore, OwnObjects } from "@facefleet/platform";
import { Redis } from "ioredis";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BatchCleanup } from "../src/batches/batch-cleanup.js";
import { type Fleet, isolatedFleet, quiet } from "./environment.js";

let fleet: Fleet;
let store: ObjectStore;
let steps: BatchSteps;
let redis: Redis;

beforeEach(async () => {
  fleet = await isolatedFleet();
  store = createObjectStore(fleet.config);
  steps = new BatchSteps(fleet.redis);
  redis = new Redis(fleet.config.REDIS_URL);
});

afterEach(async () => {
  await redis.del(endedBatches());
  redis.disconnect();
  await store.close();
  await fleet.remove();
});

const endedBatches = () => `${fleet.config.QUEUE_PREFIX}:ended-batches`;

const ownOf = (store: ObjectStore) => new OwnObjects(store, async () => "secret");

/** A batch with two parts in the store. */
async function stored(id: string, expiresAt: number): Promise<() => Promise<number>> {
  const parts = [0, 1].map((part) => ownOf(store).batchPart(id, part));
  for (const part of parts) await part.put(Buffer.from("{}\n"), { maxBytes: 10 });
  await redis.zadd(endedBatches(), expiresAt, `${id}/2`);
  return async () => (await Promise.all(parts.map((part) => part.head()))).filter(Boolean).length;
}

test("deletes the results of batches that have expired, and of no other", async () => {
  const expired = await stored("b1", Date.now() - 1);
  const kept = await stored("b2", Date.now() + 60_000);
  await new BatchCleanup(steps, ownOf(store), quiet).sweep();
  expect(await expired()).toBe(0);
  expect(await kept()).toBe(2);
  expect(await redis.zrange(endedBatches(), "0", "-1")).toEqual(["b2/2"]);
});

test("keeps in mind what the store would not delete", async () => {
  const left = await stored("b1", 0);
  const away: ObjectStore = Object.create(store, { delete: { value: () => Promise.reject(new Error("no")) } });
  await new BatchCleanup(steps, ownOf(away), quiet).sweep();
  expect(await left()).toBe(2);
  expect(await redis.zrange(endedBatches(), "0", "-1")).toEqual(["b1/2"]);
  // Its lease is over.
  await redis.zadd(endedBatches(), 0, "b1/2");
  await new BatchCleanup(steps, ownOf(store), quiet).sweep();
  expect(await left()).toBe(0);
});
