import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "./seeded-random.js";

export interface OpenLoop {
  /** Arrivals a second, on average. */
  readonly rate: number;
  readonly milliseconds: number;
  readonly request: (arrival: number) => Promise<unknown>;
}

/**
 * Calls at random moments, independent of each other (a Poisson process, the same one each time), whether earlier
 * calls have been answered or not. Resolves to the milliseconds of each call from the moment when it was due: a
 * caller that is late counts as part of the wait.
 */
export async function openLoop({ rate, milliseconds, request }: OpenLoop): Promise<number[]> {
  const random = seededRandom(1);
  const started = performance.now();
  const calls: Promise<number>[] = [];
  for (let due = 0; ; ) {
    due += (-Math.log(1 - random()) * 1000) / rate;
    if (due > milliseconds) break;
    const early = started + due - performance.now();
    if (early > 1) await sleep(early);
    const arrived = started + due;
    calls.push(request(calls.length).then(() => performance.now() - arrived));
  }
  return await Promise.all(calls);
}
