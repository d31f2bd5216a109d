import { ProblemError } from "@facefleet/contracts";
import type { Logger } from "../../logging/index.js";
import type { FleetRedis } from "./fleet-redis.js";
import { checkRedis, evictionPolicyIn, noEviction, type RedisFault, redisFaultOf } from "./redis-check.js";

const checkedForMs = 1000;

/** Whether the fleet's Redis can be used. */
export class UsableRedis {
  #checked: Promise<void> | undefined;

  constructor(private readonly redis: FleetRedis) {}

  /**
   * Looks whether it answers, takes writes, and lets its user do what the service does. Those who ask within a second share
   * an answer.
   * @throws ProblemError `queue_unavailable`, of which `redisFaultOf` tells why it cannot be used although it answers
   */
  check(): Promise<void> {
    this.#checked ??= this.#check();
    return this.#checked;
  }

  /** How it makes room when it is full. */
  evictionPolicy(): Promise<string> {
    const { commands } = this.redis;
    return commands.attempt(async () => evictionPolicyIn(await commands.client.info("memory")));
  }

  async #check(): Promise<void> {
    setTimeout(() => {
      this.#checked = undefined;
    }, checkedForMs).unref();
    try {
      const { commands, keys } = this.redis;
      await commands.attempt(() => checkRedis(commands.client, keys));
    } catch (error) {
      const fault = redisFaultOf(error);
      throw fault ? new ProblemError("queue_unavailable", fault.message, { cause: fault }) : error;
    }
  }
}

/** What of a Redis no waiting mends, if that is what an error says. */
export function lastingFaultOf(error: unknown): RedisFault | undefined {
  const fault = redisFaultOf(error);
  return fault?.isLasting ? fault : undefined;
}

/**
 * To be called before anything is done with a Redis, once it may be there. Says what of it is dangerous and still works.
 * @throws RedisFault where it can never be used as it is; nothing when it does not answer
 */
export async function expectUsableRedis(redis: UsableRedis, logger: Logger): Promise<void> {
  try {
    await redis.check();
    const policy = await redis.evictionPolicy();
    if (policy === noEviction) return;
    logger.warn({ policy }, `Redis throws jobs away when it is full: expected maxmemory-policy ${noEviction}`);
  } catch (error) {
    const fault = lastingFaultOf(error);
    if (fault) throw fault;
  }
}
