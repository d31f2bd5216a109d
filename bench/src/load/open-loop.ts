import { setTimeout as sleep } from "node:timers/promises";
import { seededRandom } from "./seeded-random.js";

/** Like clockwork, as load generators do by default; or at random, independent of each other (a Poisson process). */
export type Arrivals = "even" | "random";

export interface OpenLoop {
  readonly arrivals: Arrivals;
  /** Arrivals a second, on average. */
  readonly rate: number;
  readonly milliseconds: number;
  readonly request: (arrival: number) => Promise<unknown>;
}

/**
 * Calls whether earlier calls have been answered or not, random moments being the same ones each time. Resolves to the milliseconds of each call from the moment when it was due: a
 * caller that is late counts as part of the wait.
 */
export async function openLoop({ arrivals, rate, milliseconds, request }: OpenLoop): Promise<number[]> {
  const random = seededRandom(1);
  const started = performance.now();
  const calls: Promise<number>[] = [];
  for (let due = 0; ; ) {
    const share = arrivals === "even" ? 1 : -Math.log(1 - random());
    due += (share * 1000) / rate;
    if (due > milliseconds) break;
    const early = started + due - performance.now();
    if (early > 1) await sleep(early);
    const arrived = started + due;
    calls.push(request(calls.length).then(() => performance.now() - arrived));
  }
  return await Promise.all(calls);
}
