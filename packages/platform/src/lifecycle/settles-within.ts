import { setTimeout as sleep } from "node:timers/promises";

/** Whether some work ends in time. It goes on in any case. */
export async function settlesWithin(work: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const time = new AbortController();
  try {
    const late = sleep(milliseconds, false, { signal: time.signal }).catch(() => false);
    return await Promise.race([work.then(() => true), late]);
  } finally {
    time.abort();
  }
}
