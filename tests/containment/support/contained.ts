import { appendFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { Figures, Question } from "./victim.js";
import type { WalledFleet } from "./walled-fleet.js";

// biome-ignore lint/style/noProcessEnv: how long and how strictly is for whoever runs the tests to say
const { CONTAINMENT_SECONDS = "6", CONTAINMENT_STRICT, CONTAINMENT_REPORT } = process.env;

/** How long an attack lasts. */
const attackMs = Number(CONTAINMENT_SECONDS) * 1000;
const quietMs = Math.min(attackMs, 15_000);
/** How a service answered before its first attack: what later ones leave behind for a moment is no part of it. */
const quietFigures = new WeakMap<WalledFleet, Answers>();

/**
 * What holds on a quiet machine. A machine that does other things meanwhile is slow in both halves, but not evenly: there
 * the same holds with room to spare, far below what no walls would give.
 */
export const isStrict = CONTAINMENT_STRICT !== undefined;
const room = isStrict ? 1 : 4;
const bounds = { livezP99Ms: 250 * room, jobsP99Ms: 1000 * room, detectRatio: 5 * room };

/** Fewer say nothing. */
const fewestAnswers = 5;

type Answers = Record<Question, Figures>;

export interface Attack {
  readonly name: string;
  /** Goes on until the signal fires. */
  readonly attack: (signal: AbortSignal) => Promise<unknown>;
}

/** Lets somebody attack, and holds what that costs somebody else. */
export async function expectContained(fleet: WalledFleet, { name, attack }: Attack): Promise<void> {
  const quiet = await quietOf(fleet);
  const over = new AbortController();
  const attacked = await fleet.victim.during(async () => {
    const timer = setTimeout(() => over.abort(), attackMs);
    await Promise.race([attack(over.signal), sleep(attackMs + 60_000, undefined, { ref: false })]);
    if (!over.signal.aborted) await sleep(attackMs, undefined, { signal: over.signal }).catch(() => undefined);
    clearTimeout(timer);
  });
  await report(name, quiet, attacked);
  hold(name, quiet, attacked);
}

async function quietOf(fleet: WalledFleet): Promise<Answers> {
  const known = quietFigures.get(fleet);
  if (known) return known;
  // Its first answers are of processes that have not warmed up.
  await fleet.victim.during(() => sleep(quietMs / 3));
  const quiet = await fleet.victim.during(() => sleep(quietMs));
  quietFigures.set(fleet, quiet);
  return quiet;
}

function hold(name: string, quiet: Answers, attacked: Answers): void {
  for (const question of ["livez", "jobs", "detect"] as const) {
    expect(attacked[question].failures.slice(0, 3), `${name}: ${question}`).toEqual([]);
    expect(attacked[question].count, `${name}: ${question}, how often`).toBeGreaterThanOrEqual(fewestAnswers);
  }
  expect(attacked.livez.p99, `${name}: /livez, p99`).toBeLessThan(bounds.livezP99Ms);
  expect(attacked.jobs.p99, `${name}: /v1/jobs, p99`).toBeLessThan(bounds.jobsP99Ms);
  const ratio = attacked.detect.p95 / quiet.detect.p95;
  expect(ratio, `${name}: /detect-face, p95 over that of a quiet service`).toBeLessThan(bounds.detectRatio);
}

async function report(name: string, quiet: Answers, attacked: Answers): Promise<void> {
  const ms = (value: number) => value.toFixed(0);
  const pair = (question: Question, share: "p95" | "p99") =>
    `${ms(quiet[question][share])} -> ${ms(attacked[question][share])}`;
  const failures = Object.values(attacked).reduce((sum, { failures }) => sum + failures.length, 0);
  const line =
    `${name}: /livez p99 ${pair("livez", "p99")} ms, /v1/jobs p99 ${pair("jobs", "p99")} ms, ` +
    `/detect-face p95 ${pair("detect", "p95")} ms (${(attacked.detect.p95 / quiet.detect.p95).toFixed(1)}), ` +
    `${attacked.detect.count} asked, ${failures} failed\n`;
  process.stdout.write(line);
  if (CONTAINMENT_REPORT !== undefined) await appendFile(CONTAINMENT_REPORT, line);
}

/** Does something again and again, so many at a time, until the signal fires. */
export async function untilOver(
  signal: AbortSignal,
  atOnce: number,
  work: (round: number) => Promise<unknown>,
): Promise<void> {
  let round = 0;
  const go = async () => {
    while (!signal.aborted) await work(round++);
  };
  await Promise.all(Array.from({ length: atOnce }, go));
}

/** The service as it was before, without a hand on it: it answers, and as quickly. */
export async function expectHealed(fleet: WalledFleet, timeoutMs = 60_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  const usual = quietFigures.get(fleet)?.detect.p95 ?? Number.POSITIVE_INFINITY;
  for (;;) {
    const { livez, jobs, detect } = await fleet.victim.during(() => sleep(2000));
    const failures = [...livez.failures, ...jobs.failures, ...detect.failures];
    if (failures.length === 0 && detect.count > 1 && detect.p50 <= 2 * room * usual) return;
    if (Date.now() > deadline) {
      const now = failures[0] ?? `a portrait in ${detect.p50.toFixed(0)} ms`;
      throw new Error(`Expected the service to heal but it answers ${now}`);
    }
  }
}
