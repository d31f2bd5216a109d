import { setTimeout as sleep } from "node:timers/promises";
import { type Logger, lastingFaultOf } from "@facefleet/platform";

const retryAfterMs = 1000;

/**
 * Waits for something this process cannot do without; says once that it waits. Rejects when the signal fires, and with what
 * no waiting mends.
 */
export async function waitUntilReachable(
  name: string,
  ping: () => Promise<unknown>,
  { logger, signal }: { logger: Logger; signal: AbortSignal },
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      await ping();
      if (attempt > 1) logger.info({ part: name, attempt }, `${name} is reachable`);
      return;
    } catch (error) {
      const fault = lastingFaultOf(error);
      if (fault) throw fault;
      if (attempt === 1) logger.warn({ err: error, part: name }, `${name} is not reachable yet; waiting for it`);
    }
    await sleep(retryAfterMs, undefined, { signal });
  }
}
