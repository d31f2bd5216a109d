import { setTimeout as sleep } from "node:timers/promises";
import { queueCatalogue } from "@facefleet/contracts";
import { Queue, Worker } from "bullmq";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../../../tests/support/eventually.js";
import { RedisServer } from "../../../../../tests/support/redis-server.js";
import { answering, inTurn, verified } from "../../../../../tests/support/webhook-receiver.js";
import { WebhookBench } from "./webhook-bench.js";

function queueOf(bench: WebhookBench): Queue {
  const prefix = bench.settings.QUEUE_PREFIX;
  const queue = new Queue(queueCatalogue.webhooks.name, { connection: bench.redis, prefix });
  bench.onClose(() => queue.close());
  return queue;
}

describe("an event", () => {
  it("waits in the outbox until somebody relays it", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const { event } = await bench.ended(receiver.url);
    expect(await bench.events.progress(event)).toEqual({ state: "pending", attempts: 0 });
    expect(await bench.redis.llen(bench.keys.outbox)).toBe(1);
    bench.delivering();
    await bench.settled(event, "delivered");
    expect(await bench.redis.llen(bench.keys.outbox)).toBe(0);
  });

  it("whose relay died after queueing it is delivered once", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const { event } = await bench.ended(receiver.url);
    const [waiting] = await bench.redis.lrange(bench.keys.outbox, 0, -1);
    await bench.relay().relay();
    await bench.redis.rpush(bench.keys.outbox, waiting!);
    await bench.redis.del(bench.keys.relay);
    bench.delivering();
    await eventually(async () => (await bench.redis.llen(bench.keys.outbox)) === 0);
    await bench.settled(event, "delivered");
    expect(receiver.ids).toEqual([event]);
  });

  it("was sent once, also where Redis was told so twice because its answer was lost", async () => {
    const bench = new WebhookBench();
    const { event } = await bench.ended("http://127.0.0.1:9/hooks");
    await bench.relay().relay();
    const record = (await bench.events.find(event))!;
    const attempt = { at: new Date().toISOString(), durationMs: 3, outcome: "timeout" } as const;
    const progress = { state: "pending", attempt, nextAttemptAt: Date.now() + 5000 } as const;
    for (let times = 0; times < 2; times += 1) await bench.events.note(record, progress);
    expect(await bench.events.attempts(event)).toMatchObject({ state: "pending", attempts: [attempt] });
    expect(await bench.events.progress(event)).toEqual({ state: "pending", attempts: 1 });
    expect(await bench.events.find(event)).toMatchObject({ tries: 1 });
  });

  it("that many relays see at once is delivered once", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const events = await Promise.all(Array.from({ length: 250 }, () => bench.ended(receiver.url)));
    for (let i = 0; i < 4; i++) bench.relay().start();
    bench.deliverer().start();
    await expect.poll(() => receiver.received.length).toBe(250);
    await sleep(300);
    expect(receiver.ids.sort()).toEqual(events.map(({ event }) => event).sort());
  });

  it("is left to another relay when one dies with the lease", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    await bench.redis.set(bench.keys.relay, "dead", "PX", 1000);
    const { event } = await bench.ended(receiver.url);
    expect(await bench.relay().relay()).toBe(0);
    bench.delivering();
    await bench.settled(event, "delivered", 5000);
  });

  it("that cannot be read does not hold up the others", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    await bench.redis.rpush(bench.keys.outbox, "{", '{"kind":"job"}');
    const { event } = await bench.ended(receiver.url);
    bench.delivering();
    await bench.settled(event, "delivered");
    expect(await bench.redis.llen(bench.keys.outbox)).toBe(0);
  });

  it("whose deliverer is told to stop while the receiver is silent is delivered by another, under the same id", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver(inTurn(() => undefined, answering(200)));
    const { event } = await bench.ended(receiver.url);
    bench.relay().start();
    const first = bench.deliverer({ timeoutMs: 15_000 });
    first.start();
    await expect.poll(() => receiver.received.length).toBe(1);
    await first.stop(100);
    bench.deliverer().start();
    const attempts = await bench.settled(event, "delivered");
    expect(attempts).toHaveLength(1);
    expect(receiver.ids).toEqual([event, event]);
  });

  it("whose deliverer dies is delivered by another", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const { event } = await bench.ended(receiver.url);
    await bench.relay().relay();
    const dying = new Worker(queueCatalogue.webhooks.name, null, {
      connection: { url: bench.settings.REDIS_URL },
      prefix: bench.settings.QUEUE_PREFIX,
      lockDuration: 500,
    });
    expect((await dying.getNextJob("dead"))?.id).toBe(`${event}.0`);
    await dying.close(true);
    bench.deliverer({ lockDurationMs: 1000 }).start();
    await bench.settled(event, "delivered");
    expect(receiver.ids).toEqual([event]);
  });

  it("whose deliverer is stopped in time is not sent twice", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver((response) => void setTimeout(() => response.end(), 300));
    const { event } = await bench.ended(receiver.url);
    bench.relay().start();
    const deliverer = bench.deliverer();
    deliverer.start();
    await expect.poll(() => receiver.received.length).toBe(1);
    await deliverer.stop(5000);
    expect(deliverer.isRunning).toBe(false);
    expect((await bench.events.progress(event)).state).toBe("delivered");
  });

  it("whose time has not come waits for it, even when its place in the queue is lost", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver(inTurn(answering(500), answering(200)));
    const { event } = await bench.ended(receiver.url);
    bench.delivering({ retryDelaysMs: [1500] });
    await expect.poll(async () => (await bench.events.progress(event)).attempts).toBe(1);
    const delivery = await eventually(async () => {
      const job = await queueOf(bench).getJob(`${event}.0`);
      return (await job?.isDelayed()) && job;
    });
    await delivery.promote();
    await bench.settled(event, "delivered");
    const [first, second] = receiver.received;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(1400);
  });

  it("survives a restart of Redis between two attempts, and comes as it was signed before", async () => {
    const server = await RedisServer.start();
    onTestFinished(() => server.remove());
    const bench = new WebhookBench(server.url);
    const receiver = await bench.receiver(inTurn(answering(500), answering(200)));
    const { event } = await bench.ended(receiver.url);
    bench.delivering({ retryDelaysMs: [1500] });
    await expect.poll(async () => (await bench.events.progress(event)).attempts).toBe(1);
    const secret = await bench.secret();
    await server.stop();
    await server.start();
    await expect.poll(() => receiver.received.length).toBe(2);
    expect(receiver.ids).toEqual([event, event]);
    expect(receiver.received[1]!.body).toBe(receiver.received[0]!.body);
    expect(verified(receiver.received[1]!, secret)).toEqual(verified(receiver.received[0]!, secret));
  });

  it("that is older than a day and a half is given up", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const { event } = await bench.ended(receiver.url);
    await bench.relay().relay();
    await bench.redis.hset(bench.keys.event(event), "since", Date.now() - 37 * 3_600_000);
    bench.deliverer().start();
    expect(await bench.settled(event, "failed")).toEqual([]);
    expect(receiver.received).toEqual([]);
  });
});
