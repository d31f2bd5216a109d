import { setTimeout as sleep } from "node:timers/promises";

/**
 * Looks again and again until it is so.
 * @throws when it is not so in time
 */
export async function eventually(isSo: () => boolean | Promise<boolean>, withinMs = 120_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Expected it to be so within ${withinMs} ms: ${isSo}`);
    await sleep(20);
  }
}
