import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { buckets, type FaultFleet } from "./fault-fleet.js";

/** For sweeps to delete what nobody needs; what the store may have kept without an answer, seven minutes later. */
const sweptWithinMs = 540_000;

/** The keys that are in Redis for good, by their names after the prefix. None grows with what has ended and was erased. */
const permanentKeys: readonly RegExp[] = [
  // What a fleet has as long as it exists: its secrets, its tenants, the turns that they take, its workers.
  /^upload-secret$/,
  /^tenants$/,
  /^tenant:[^:]+:webhook-secrets$/,
  /^turns:(interactive|high|normal|low)$/,
  /^workers$/,
  // BullMQ's own, of each queue: its settings, its last id, its latest events.
  /^(faces|webhooks):(meta|id|events)$/,
  // Announcements that wait for their next attempt, half a day at most.
  /^webhooks:(delayed|e[0-9a-f]{32}\.\d+)$/,
  // Registers, of which each entry has an end of its own: outcomes until they expire, uploads until they are deleted for
  // good, and what each of these takes.
  /^(ended|ended-batches|results|uploads|sendable-uploads|doomed-uploads|upload-counts)$/,
  /^(kept|stored)(-bytes)?$/,
];

/** What is left in Redis and in the object store. */
export class Leftovers {
  readonly #redis: Redis;
  readonly #store: ReturnType<FaultFleet["openStore"]>;

  constructor(fleet: FaultFleet) {
    this.#redis = new Redis(fleet.redisUrl);
    this.#store = fleet.openStore();
  }

  /** Uploads that are in the store although no job needs them, after a while. */
  uploads(): Promise<string[]> {
    return untilNone(() => this.#strayObjects("uploads/"));
  }

  /** All objects of the service's own, once every job and batch was erased. */
  objects(): Promise<string[]> {
    return untilNone(() => this.#strayObjects(""));
  }

  /** Keys without an expiry that are not meant to be there for good. */
  async keys(): Promise<string[]> {
    const stray: string[] = [];
    for await (const keys of this.#redis.scanStream({ count: 500 }) as AsyncIterable<string[]>) {
      for (const key of keys) {
        if ((await this.#redis.pttl(key)) === -1 && !isPermanent(key)) stray.push(key);
      }
    }
    return stray;
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
    await this.#store.close();
  }

  /** Those that wait an hour for a job or an outcome: their caller lost the answer, or their worker died. */
  async #strayObjects(prefix: string): Promise<string[]> {
    const registers = ["uploads", "results"].map((name) => this.#redis.zrange(`{facefleet}:${name}`, "0", "-1"));
    const waiting = new Set((await Promise.all(registers)).flat());
    const keys: string[] = [];
    let cursor: string | undefined;
    do {
      const place = { bucket: buckets.own, prefix };
      const page = await this.#store.list(place, { limit: 1000, ...(cursor !== undefined && { cursor }) });
      keys.push(...page.keys);
      cursor = page.cursor;
    } while (cursor !== undefined);
    return keys.filter((key) => !waiting.has(/^(?:uploads|results)\/([0-9a-f]+)/.exec(key)?.[1] ?? ""));
  }
}

function isPermanent(key: string): boolean {
  const name = key.replace(/^\{facefleet\}:/, "");
  return permanentKeys.some((pattern) => pattern.test(name));
}

async function untilNone(look: () => Promise<string[]>): Promise<string[]> {
  const giveUp = performance.now() + sweptWithinMs;
  for (;;) {
    const left = await look();
    if (left.length === 0 || performance.now() > giveUp) return left;
    await sleep(2000);
  }
}
