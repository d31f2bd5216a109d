import { defaultTenant, ProblemError } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { eventually } from "../../../../../tests/support/eventually.js";
import { answering, inTurn } from "../../../../../tests/support/webhook-receiver.js";
import { endOf, payload } from "../queue-bench.js";
import { WebhookBench } from "./webhook-bench.js";

const asking = (url: string) => ({ ...payload, webhook: { url } });
const nowhere = "http://127.0.0.1:1/";

describe("a job that asks for a webhook", () => {
  it("shows how far it has come, from the submission on", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(asking(receiver.url), { priority: "normal" });
    expect(job.webhook).toEqual({ state: "waiting", attempts: 0 });
    const look = async () => (await jobs.find(defaultTenant, job.id))?.webhook;
    expect(await look()).toEqual({ state: "waiting", attempts: 0 });
    await bench.started();
    expect((await jobs.waitUntilEnded(defaultTenant, job.id, 5000))?.webhook).toEqual({
      state: "pending",
      attempts: 0,
    });
    bench.delivering();
    await eventually(async () => (await look())?.state === "delivered");
    expect(await look()).toEqual({ state: "delivered", attempts: 1 });
    const { jobs: listed } = await jobs.list(defaultTenant, { limit: 5 });
    expect(listed[0]?.webhook).toEqual({ state: "delivered", attempts: 1 });
  });

  it("announces that it was canceled", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(asking(receiver.url), { priority: "normal" });
    await jobs.cancel(defaultTenant, job.id);
    bench.delivering();
    await expect.poll(() => receiver.received.length).toBe(1);
    expect(JSON.parse(receiver.received[0]!.body)).toMatchObject({
      type: "job.canceled",
      data: { id: job.id, state: "canceled", faces: 0 },
    });
  });

  it("that failed, was retried and succeeded announces both ends, under two ids", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    bench.delivering();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(asking(receiver.url), { priority: "normal" });
    const consumer = await bench.started({ run: () => Promise.reject(new ProblemError("image_undecodable")) });
    await jobs.waitUntilEnded(defaultTenant, job.id, 5000);
    await consumer.stop(1000);
    await expect.poll(() => receiver.received.length).toBe(1);
    const again = await jobs.retry(defaultTenant, job.id);
    expect(again?.webhook).toEqual({ state: "waiting", attempts: 0 });
    await bench.started();
    await jobs.waitUntilEnded(defaultTenant, job.id, 5000);
    await expect.poll(() => receiver.received.length).toBe(2);
    expect(receiver.received.map(({ body }) => JSON.parse(body).type)).toEqual(["job.failed", "job.succeeded"]);
    expect(new Set(receiver.ids).size).toBe(2);
  });
});

describe("the attempts", () => {
  it("are shown one by one", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver(inTurn(answering(503), answering(200)));
    const { id, event } = await bench.ended(receiver.url);
    bench.delivering();
    await bench.settled(event, "delivered");
    const seen = await bench.jobs().webhookAttempts(defaultTenant, id);
    expect(seen).toEqual({
      id: event,
      state: "delivered",
      attempts: [
        {
          at: expect.any(String),
          durationMs: expect.any(Number),
          outcome: "refused",
          cause: "status",
          status: 503,
          nextAttemptAt: expect.any(String),
        },
        { at: expect.any(String), durationMs: expect.any(Number), outcome: "delivered", status: 200 },
      ],
    });
  });

  it("of a job that has not ended are none; of one without a webhook, another's or an unknown one, refused", async () => {
    const bench = new WebhookBench();
    const jobs = bench.jobs();
    const { job } = await jobs.submit(asking(nowhere), { priority: "normal" });
    const { job: plain } = await jobs.submit(payload, { priority: "normal" });
    expect(await jobs.webhookAttempts(defaultTenant, job.id)).toEqual({ state: "waiting", attempts: [] });
    await expect(jobs.resendWebhook(defaultTenant, job.id)).rejects.toMatchObject({ code: "webhook_absent" });
    await expect(jobs.webhookAttempts(defaultTenant, plain.id)).rejects.toMatchObject({ code: "webhook_absent" });
    await expect(jobs.resendWebhook(defaultTenant, plain.id)).rejects.toMatchObject({ code: "webhook_absent" });
    for (const [tenant, id] of [
      ["other", job.id],
      [defaultTenant, "junknown"],
    ] as const) {
      expect(await jobs.webhookAttempts(tenant, id)).toBeUndefined();
      expect(await jobs.resendWebhook(tenant, id)).toBeUndefined();
    }
  });
});

describe("a resend", () => {
  it("sends a delivered event again, the same under the same id", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const { id, event } = await bench.ended(receiver.url);
    bench.delivering();
    await bench.settled(event, "delivered");
    expect(await bench.jobs().resendWebhook(defaultTenant, id)).toMatchObject({ id: event, state: "pending" });
    await expect.poll(() => receiver.ids).toEqual([event, event]);
    expect(receiver.received[1]!.body).toBe(receiver.received[0]!.body);
    expect(await bench.settled(event, "delivered")).toHaveLength(2);
  });

  it("sends one that was given up again, with all its retries", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver(inTurn(answering(400), answering(400), answering(400), answering(200)));
    const { id, event } = await bench.ended(receiver.url);
    bench.delivering({ retryDelaysMs: [50] });
    expect(await bench.settled(event, "failed")).toHaveLength(2);
    await bench.jobs().resendWebhook(defaultTenant, id);
    expect(await bench.settled(event, "delivered")).toHaveLength(4);
  });

  it("sends one that waits for its next attempt at once, and not again when that comes", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver(inTurn(answering(500), answering(200)));
    const { id, event } = await bench.ended(receiver.url);
    bench.delivering({ retryDelaysMs: [2000] });
    await expect.poll(() => receiver.received.length).toBe(1);
    await bench.jobs().resendWebhook(defaultTenant, id);
    await bench.settled(event, "delivered", 1500);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(receiver.received).toHaveLength(2);
  });
});

describe("what is known of an event", () => {
  it("is kept as long as the job's outcome once it is over, and no longer", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const { id, event } = await bench.ended(receiver.url);
    bench.delivering();
    expect(await bench.redis.exists(bench.keys.event(event))).toBe(0);
    await bench.settled(event, "delivered");
    const job = await bench.jobs().find(defaultTenant, id);
    expect(endOf(job!)).toBeGreaterThan(0);
    for (const key of [bench.keys.event(event), bench.keys.eventAttempts(event)]) {
      const ttl = await bench.redis.pttl(key);
      expect(ttl).toBeGreaterThan(600_000);
      expect(ttl).toBeLessThan(661_000);
    }
  });

  it("goes with the job when that is erased", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const { id, event } = await bench.ended(receiver.url);
    bench.delivering();
    await bench.settled(event, "delivered");
    await bench.jobs().cancel(defaultTenant, id);
    expect(await bench.redis.exists(bench.keys.event(event), bench.keys.eventAttempts(event))).toBe(0);
    expect(await bench.jobs().webhookAttempts(defaultTenant, id)).toBeUndefined();
    expect(await bench.jobs().resendWebhook(defaultTenant, id)).toBeUndefined();
  });

  it("is still sent when the job is erased before, and goes then", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const { id, event } = await bench.ended(receiver.url);
    await bench.jobs().cancel(defaultTenant, id);
    bench.delivering();
    await expect.poll(() => receiver.ids).toEqual([event]);
    await eventually(
      async () => (await bench.redis.exists(bench.keys.event(event), bench.keys.eventAttempts(event))) === 0,
    );
  });
});
