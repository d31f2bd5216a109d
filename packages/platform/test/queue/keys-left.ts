import { queueCatalogue } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { QueueKeys } from "../../src/queue/redis/queue-keys.js";

/** What BullMQ keeps of a queue for as long as there is one. */
const queueParts = "meta|id|pc|marker|wait|paused|active|prioritized|delayed|failed|completed|events|stalled|limiter";
/** And of each tenant and priority the service. */
const ofTenant = /^tenant:[^:]+:(jobs|live|batches|listed-batches|webhook-secrets)$/;
const ofPriority = /^turns:\w+$/;

/** The keys of a queue that nobody removes and that do not expire, but for those that may stay, or whose owner lives. */
export async function keysLeft(redis: Redis, keys: QueueKeys): Promise<string[]> {
  const left: string[] = [];
  for (const key of await redis.keys(`${keys.prefix}:*`)) {
    const isLasting = (await redis.pttl(key)) === -1;
    if (isLasting && !(await mayStay(redis, keys, key))) left.push(key);
  }
  return left.sort();
}

function mayStay(redis: Redis, keys: QueueKeys, key: string): Promise<boolean> {
  const name = key.slice(keys.prefix.length + 1);
  if (ofAll(keys).includes(key) || ofTenant.test(name) || ofPriority.test(name)) return Promise.resolve(true);
  const [kind = "", id = "", ...rest] = name.split(":");
  if (kind === "batch") return isOfLiveBatch(redis, keys, id, rest);
  const isQueue = Object.values(queueCatalogue).some((queue) => queue.name === kind);
  return isQueue ? isInQueue(redis, `${keys.prefix}:${kind}`, id) : Promise.resolve(false);
}

function ofAll(keys: QueueKeys): string[] {
  return [
    ...[keys.workers, keys.tenants, keys.ended, keys.outbox, keys.undelivered, keys.batches, keys.endedBatches],
    ...[keys.waitingUploads, keys.heldUploads, keys.doomedUploads, keys.sendableUploads, keys.uploadSecret],
    ...[keys.kept, keys.keptBytes, keys.stored, keys.storedBytes, keys.uploadCounts, keys.results],
  ];
}

/** Of the lines of a batch those that are in the object store go while it lives. */
async function isOfLiveBatch(redis: Redis, keys: QueueKeys, id: string, [what, part]: string[]): Promise<boolean> {
  const [state, finishedAt, stored] = await redis.hmget(keys.batch(id), "state", "finishedAt", "stored");
  if (state === null || finishedAt !== null) return false;
  return what !== "lines" || Number(part) >= Number(stored ?? 0);
}

/** Whether it is the queue's own, or a job that waits, runs, or has failed and can be tried again. */
async function isInQueue(redis: Redis, queue: string, id: string): Promise<boolean> {
  if (new RegExp(`^(${queueParts})$`).test(id)) return true;
  const scores = ["prioritized", "delayed", "failed"].map((set) => redis.zscore(`${queue}:${set}`, id));
  const places = ["wait", "active"].map((list) => redis.lpos(`${queue}:${list}`, id));
  return (await Promise.all([...scores, ...places])).some((place) => place !== null);
}
