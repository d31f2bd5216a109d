import { setTimeout as sleep } from "node:timers/promises";
import { vi } from "vitest";

/** What hangs is told from what is slow. */
const patienceMs = 120_000;

type Nothing = false | undefined;

/**
 * Looks again and again until there is something to see, which it gives back.
 * @throws when there is nothing in time; with `look` when that throws
 */
export async function eventually<T>(look: () => T | Nothing | Promise<T | Nothing>, withinMs = patienceMs): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadline) throw new Error(`Expected it to be so within ${withinMs} ms: ${look}`);
    await sleep(20);
  }
}

/** Repeats an expectation until it holds. Unlike `expect.poll` it also does in tests that run beside others. */
export function expectEventually(expectation: () => unknown): Promise<unknown> {
  return vi.waitFor(expectation, { timeout: patienceMs, interval: 100 });
}

/** Resolves once a URL answers 200. */
export async function answersOk(url: string, otherwise = () => ""): Promise<void> {
  await eventually(async () => (await fetch(url).catch(() => undefined))?.status === 200).catch((cause: Error) => {
    throw new Error(`Expected ${url} to answer 200 but it has not:\n${otherwise()}`, { cause });
  });
}
