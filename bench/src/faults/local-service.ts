import { setTimeout as sleep } from "node:timers/promises";

const readyMs = 90_000;

export function localUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** Resolves once an address answers 2xx. @throws Error after a minute and a half */
export async function answersOk(url: string, name: string): Promise<void> {
  const giveUp = Date.now() + readyMs;
  const ask = () => fetch(url, { signal: AbortSignal.timeout(3000) }).catch(() => undefined);
  while (!(await ask())?.ok) {
    if (Date.now() > giveUp) throw new Error(`Expected ${name} to be ready within ${readyMs / 1000} s but it is not`);
    await sleep(200);
  }
}
