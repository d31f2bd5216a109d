import type { RateLimiterRedis, RateLimiterRes } from "rate-limiter-flexible";
import type { FleetRedis } from "../redis/fleet-redis.js";
import type { RedisConnection } from "../redis/redis-connection.js";

/** How long a tenant's allowance is for, from its first request on, in seconds. */
export const requestWindowSeconds = 60;

/** What is left of a tenant's allowance after one more request. */
export interface Allowance {
  readonly isExceeded: boolean;
  readonly remaining: number;
  /** Until there is a whole allowance again, rounded up. */
  readonly resetSeconds: number;
}

type Library = typeof import("rate-limiter-flexible");

/**
 * Counts the requests of tenants, together with all other processes on the same Redis. While Redis does not answer, or is
 * full, each process counts by itself: a tenant has its allowance once for each then.
 */
export class RequestLimits {
  readonly #library: Library;
  readonly #connection: RedisConnection;
  readonly #prefix: string;
  /** By the number of requests that they allow: a tenant's number changes when its keys are read again. */
  readonly #limiters = new Map<number, RateLimiterRedis>();

  private constructor(library: Library, redis: FleetRedis) {
    this.#library = library;
    this.#connection = redis.commands;
    this.#prefix = redis.keys.requests;
  }

  /**
   * Loads the library, which the other programs that use this package need not wait for, and gives the connection a
   * moment, so that the first requests are counted.
   */
  static async open(redis: FleetRedis): Promise<RequestLimits> {
    const limits = new RequestLimits(await import("rate-limiter-flexible"), redis);
    const connected = limits.#connection.attempt(() => limits.#connection.client.ping());
    await connected.catch(() => undefined);
    return limits;
  }

  /** Counts a request against a limit. */
  async count(tenant: string, perMinute: number): Promise<Allowance> {
    try {
      return allowanceOf(await this.#limiter(perMinute).consume(tenant), false);
    } catch (refusal) {
      if (refusal instanceof this.#library.RateLimiterRes) return allowanceOf(refusal, true);
      throw refusal;
    }
  }

  #limiter(perMinute: number): RateLimiterRedis {
    const known = this.#limiters.get(perMinute);
    if (known) return known;
    const limiter = new this.#library.RateLimiterRedis({
      storeClient: this.#connection.client,
      keyPrefix: this.#prefix,
      points: perMinute,
      duration: requestWindowSeconds,
      insuranceLimiter: new this.#library.RateLimiterMemory({ points: perMinute, duration: requestWindowSeconds }),
      // A tenant that has used its allowance up is refused without asking Redis again.
      inMemoryBlockOnConsumed: perMinute,
    });
    this.#limiters.set(perMinute, limiter);
    return limiter;
  }
}

function allowanceOf({ remainingPoints, msBeforeNext }: RateLimiterRes, isExceeded: boolean): Allowance {
  return { isExceeded, remaining: remainingPoints, resetSeconds: Math.max(1, Math.ceil(msBeforeNext / 1000)) };
}
