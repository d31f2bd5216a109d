import { setTimeout as sleep } from "node:timers/promises";

const againAfterMs = 1000;

/**
 * What `command` gives, which is tried again for as long as Redis is full.
 * @throws AbortError once the signal aborts, and whatever else `command` throws
 */
export async function onceRedisHasRoom<T>(command: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    try {
      return await command();
    } catch (error) {
      if (!isRefusalOfFull(error)) throw error;
    }
    await sleep(againAfterMs, undefined, { signal });
  }
}

function isRefusalOfFull(error: unknown): boolean {
  return error instanceof Error && error.message.includes("OOM command not allowed");
}
