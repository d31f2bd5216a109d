import { ProblemError } from "@facefleet/contracts";
import { Periodic } from "../../lifecycle/index.js";
import type { FleetRedis } from "../redis/fleet-redis.js";
import { numberIn } from "../redis/info-field.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import type { Quotas } from "./quotas.js";

const lookEveryMs = 1000;

/** Of the memory that Redis may use: what one tenant may have while it has no limit of its own. */
const shareOfOne = 0.5;
/** From here on nobody gets more than an equal part of that. */
const tight = 0.75;
/** From here on only what makes room is done. */
const full = 0.95;

/** How much room there is in Redis, and whose it is. */
export interface Room {
  /** Whether what can be elsewhere is to go there. */
  readonly isTight: boolean;
  /** Whether nothing new is to be taken in. */
  readonly isFull: boolean;
  /** How many bytes a tenant may have in Redis now that may have `most`, if that is said. */
  allowance(most?: number): number;
}

/** As long as nothing is known. */
export const anyRoom: Room = { isTight: false, isFull: false, allowance: (most = Number.POSITIVE_INFINITY) => most };

/**
 * What a tenant may have now, of what it may have at all.
 * @throws ProblemError `queue_unavailable` when nothing is taken in
 */
export function quotasWithin(room: Room, { maxQueuedJobs, maxKeptBytes, maxStoredBytes }: Quotas): Quotas {
  if (room.isFull) {
    throw new ProblemError("queue_unavailable", "Expected room in the queue's memory but there is hardly any left.");
  }
  return { maxQueuedJobs, maxKeptBytes: room.allowance(maxKeptBytes), maxStoredBytes };
}

/**
 * Watches the memory of Redis. Where Redis has no limit, half of its machine's memory counts as one. Where it does not
 * say what it uses, there is room.
 */
export class RedisRoom implements Room {
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;
  readonly #looks = new Periodic(lookEveryMs, () => this.#look());
  #used = 0;
  #most = Number.POSITIVE_INFINITY;
  #tenants = 0;

  constructor(redis: FleetRedis) {
    this.#connection = redis.commands;
    this.#keys = redis.keys;
  }

  /** Resolves after the first look. */
  async start(): Promise<void> {
    this.#looks.start();
    await this.#look();
  }

  get isTight(): boolean {
    return this.#used >= this.#most * tight;
  }

  get isFull(): boolean {
    return this.#used >= this.#most * full;
  }

  allowance(most = this.#most * shareOfOne): number {
    // A tenant without any limit is alone.
    if (!this.isTight || most === Number.POSITIVE_INFINITY) return most;
    // One that comes now is one more.
    return Math.min(most, (this.#most * shareOfOne) / Math.max(2, this.#tenants));
  }

  stop(): Promise<void> {
    return this.#looks.stop();
  }

  async #look(): Promise<void> {
    const { client } = this.#connection;
    try {
      const [memory, tenants] = await this.#connection.attempt(() =>
        Promise.all([client.info("memory"), client.hlen(this.#keys.keptBytes)]),
      );
      this.#used = numberIn(memory, "used_memory");
      this.#most =
        numberIn(memory, "maxmemory") || numberIn(memory, "total_system_memory") / 2 || Number.POSITIVE_INFINITY;
      this.#tenants = tenants;
    } catch {
      // What needs Redis says so itself.
      this.#used = 0;
    }
  }
}
