import { expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../../tests/support/eventually.js";
import { RedisServer } from "../../../../tests/support/redis-server.js";
import { RequestLimits } from "../../src/queue/index.js";
import { QueueBench } from "./queue-bench.js";

const openLimits = (bench: QueueBench) => RequestLimits.open(bench.process());

it("counts a tenant's requests in all processes together, and apart from other tenants'", async () => {
  const bench = new QueueBench();
  const [one, other] = [await openLimits(bench), await openLimits(bench)];
  expect(await one.count("acme", 2)).toMatchObject({ isExceeded: false, remaining: 1, resetSeconds: 60 });
  expect(await other.count("acme", 2)).toMatchObject({ isExceeded: false, remaining: 0 });
  for (const limits of [one, other, one]) {
    const refusal = await limits.count("acme", 2);
    expect(refusal).toMatchObject({ isExceeded: true, remaining: 0 });
    expect(refusal.resetSeconds).toBeGreaterThan(50);
    expect(refusal.resetSeconds).toBeLessThanOrEqual(60);
  }
  expect(await other.count("umbrella", 2)).toMatchObject({ isExceeded: false, remaining: 1 });
});

it("asks Redis nothing about a tenant whose allowance it knows to be used up", async () => {
  const bench = new QueueBench();
  const limits = await openLimits(bench);
  for (let request = 0; request < 5; request++) await limits.count("acme", 2);
  expect(await bench.redis.get(`${bench.keys.requests}:acme`)).toBe("2");
});

it("gives the whole allowance again when the minute is over", async () => {
  const bench = new QueueBench();
  const [one, other] = [await openLimits(bench), await openLimits(bench)];
  await one.count("acme", 1);
  expect(await other.count("acme", 1)).toMatchObject({ isExceeded: true });
  await bench.redis.pexpire(`${bench.keys.requests}:acme`, 1);
  await eventually(async () => (await bench.redis.exists(`${bench.keys.requests}:acme`)) === 0);
  const third = await openLimits(bench);
  expect(await third.count("acme", 1)).toMatchObject({ isExceeded: false, remaining: 0, resetSeconds: 60 });
});

it("counts on when the limit changes", async () => {
  const limits = await openLimits(new QueueBench());
  await limits.count("acme", 1);
  expect(await limits.count("acme", 1)).toMatchObject({ isExceeded: true });
  expect(await limits.count("acme", 10)).toMatchObject({ isExceeded: false, remaining: 8 });
});

it("counts by itself while Redis is away, at once, and with the others when it is back", async () => {
  const server = await RedisServer.start();
  onTestFinished(() => server.remove());
  const limits = await openLimits(new QueueBench(server.url));
  expect(await limits.count("acme", 3)).toMatchObject({ remaining: 2 });
  await server.stop();
  await eventually(async () => (await limits.count("acme", 3)).isExceeded);
  const started = Date.now();
  expect(await limits.count("acme", 3)).toMatchObject({ isExceeded: true, remaining: 0 });
  expect(await limits.count("umbrella", 3)).toMatchObject({ isExceeded: false, remaining: 2 });
  expect(Date.now() - started).toBeLessThan(500);
  await server.start();
  await eventually(async () => (await limits.count("globex", 3)).remaining === 2 || undefined);
  const other = await openLimits(new QueueBench(server.url));
  expect(await other.count("fresh", 3)).toMatchObject({ remaining: 2 });
});

it("counts by itself while Redis is full", async () => {
  const server = await RedisServer.start({ "maxmemory-policy": "noeviction" });
  onTestFinished(() => server.remove());
  const bench = new QueueBench(server.url);
  const limits = await openLimits(bench);
  await bench.redis.config("SET", "maxmemory", "1mb");
  for (const isExceeded of [false, false, true, true]) {
    expect(await limits.count("acme", 2)).toMatchObject({ isExceeded });
  }
});
