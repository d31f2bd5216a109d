import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { answering, type Behaviour } from "../../../../../tests/support/webhook-receiver.js";
import { freePort } from "../../../../stack/src/index.js";
import { WebhookBench } from "./webhook-bench.js";

const silence: Behaviour = () => undefined;
const slowMs = (milliseconds: number): Behaviour => {
  return (response) => void setTimeout(() => response.writeHead(200).end(), milliseconds);
};

/** The other's two hundred, sixteen at a time for seconds each, would hold an event back three times as long at least. */
const heldBackMs = 10_000;

/** How long the events of a healthy receiver take while another has hundreds of its own. */
async function delaysBeside(troubled: (bench: WebhookBench) => Promise<string>) {
  const bench = new WebhookBench();
  const url = await troubled(bench);
  const healthy = await bench.receiver(answering(200));
  for (let i = 0; i < 200; i++) await bench.ended(url);
  bench.delivering({ timeoutMs: 3000, retryDelaysMs: [5000] });
  const delays = [];
  for (let i = 0; i < 5; i++) {
    const { event } = await bench.ended(healthy.url);
    const start = Date.now();
    await expect.poll(() => healthy.ids, { interval: 10, timeout: 60_000 }).toContain(event);
    delays.push(Date.now() - start);
  }
  return { bench, delays };
}

describe("two hundred events for a receiver that is in trouble do not hold back another's", () => {
  it("when it is down", async () => {
    const { delays } = await delaysBeside(async () => `http://127.0.0.1:${await freePort()}/`);
    expect(Math.max(...delays)).toBeLessThan(heldBackMs);
  });

  it("when it never answers", async () => {
    const { delays } = await delaysBeside(async (bench) => (await bench.receiver(silence)).url);
    expect(Math.max(...delays)).toBeLessThan(heldBackMs);
  });

  it("when it answers, but slowly", async () => {
    const { delays } = await delaysBeside(async (bench) => (await bench.receiver(slowMs(2500))).url);
    expect(Math.max(...delays)).toBeLessThan(heldBackMs);
  });
});

it("sixty receivers of one tenant that never answer do not hold back another's", async () => {
  const bench = new WebhookBench();
  const silent = await Promise.all(Array.from({ length: 60 }, () => bench.receiver(silence)));
  const healthy = await bench.receiver(answering(200));
  for (const { url } of silent) for (let i = 0; i < 5; i++) await bench.ended(url, { sent: { tenant: "a" } });
  // They would hold every slot until long after this test.
  bench.delivering({ timeoutMs: 60_000, retryDelaysMs: [60_000] });
  const asked = () => silent.flatMap(({ received }) => received).length;
  await expect.poll(asked, { timeout: 60_000 }).toBeGreaterThanOrEqual(16);
  const { event } = await bench.ended(healthy.url, { sent: { tenant: "b" } });
  await expect.poll(() => healthy.ids, { timeout: 60_000 }).toContain(event);
  // Until as many are slow as there are slots, more are begun; then no more.
  await sleep(2000);
  expect(asked()).toBeLessThanOrEqual(32);
});

describe("a receiver", () => {
  it("gets all of many events, never more at once than its share", async () => {
    const bench = new WebhookBench();
    let underway = 0;
    let most = 0;
    const receiver = await bench.receiver((response) => {
      most = Math.max(most, ++underway);
      setTimeout(() => {
        underway -= 1;
        response.writeHead(200).end();
      }, 5);
    });
    const events = await Promise.all(Array.from({ length: 300 }, () => bench.ended(receiver.url)));
    bench.delivering({ concurrency: 16 });
    await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBe(300);
    expect(new Set(receiver.ids)).toEqual(new Set(events.map(({ event }) => event)));
    expect(most).toBeLessThanOrEqual(4);
  });

  it("that was down gets all of many events once it is up, none counted as an attempt while it was left alone", async () => {
    const bench = new WebhookBench();
    const port = await freePort();
    const events = await Promise.all(Array.from({ length: 30 }, () => bench.ended(`http://127.0.0.1:${port}/`)));
    bench.delivering({ retryDelaysMs: [200, 200, 200] });
    await expect
      .poll(async () =>
        (await Promise.all(events.map(({ event }) => bench.events.progress(event)))).map((e) => e.attempts),
      )
      .toContain(1);
    const receiver = await bench.receiver(answering(200), port);
    await expect.poll(() => new Set(receiver.ids).size, { timeout: 20_000 }).toBe(30);
    const attempts = await Promise.all(events.map(({ event }) => bench.events.attempts(event)));
    expect(attempts.filter(({ attempts: { length } }) => length === 1).length).toBeGreaterThan(15);
  });
});
