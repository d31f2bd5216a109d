import { setTimeout as sleep } from "node:timers/promises";
import { Backoff } from "../../lifecycle/index.js";
import { isRedisTrouble } from "./redis-errors.js";

/** How a command is sent that must not be lost. */
export type Persist = <T>(command: () => Promise<T>) => Promise<T>;

/** For those whose caller is told when Redis cannot do it. */
export const once: Persist = (command) => command();

/**
 * What `command` gives, which is tried again for as long as Redis cannot do it: it is full, has too few replicas, is
 * loading, may not be written to, or is away.
 * @throws AbortError once the signal aborts, and whatever else `command` throws
 */
export async function untilRedisAnswers<T>(command: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const backoff = new Backoff({ firstMs: 500, longestMs: 5000 });
  for (;;) {
    try {
      return await command();
    } catch (error) {
      if (!isRedisTrouble(error)) throw error;
    }
    await sleep(backoff.next(), undefined, { signal });
  }
}
