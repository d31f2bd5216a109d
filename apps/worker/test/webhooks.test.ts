import { Writable } from "node:stream";
import { defaultTenant } from "@facefleet/contracts";
import { createLogger, createObjectStore, FaceJobs, itemEnds, type Logger } from "@facefleet/platform";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { answering, inTurn, WebhookReceiver } from "../../../tests/support/webhook-receiver.js";
import { startWorker, type Worker } from "../src/app.js";
import { type Fleet, isolatedFleet, payload, quiet, redisKeys } from "./environment.js";

/** Nothing that inference needs is there. */
const webhooksOnly = {
  ROLE: "webhooks",
  PACK: "facenet-20180402-114759",
  MODELS_DIR: "/nowhere",
  S3_BUCKET: "faces",
  S3_ENDPOINT: "http://127.0.0.1:1",
  EGRESS_ALLOW: "127.0.0.0/8",
};

let fleet: Fleet;
let receiver: WebhookReceiver;
let jobs: FaceJobs;
let worker: Worker | undefined;

async function start(settings: Record<string, string>, logger: Logger = quiet): Promise<Worker> {
  fleet = await isolatedFleet(settings);
  jobs = new FaceJobs(fleet.redis, { items: itemEnds, logger: quiet, store: createObjectStore(fleet.config) });
  worker = await startWorker(fleet.config, logger);
  return worker;
}

/** A job that has ended, and whose end is to be announced. */
async function canceledJob(url: string): Promise<string> {
  const submission = { ...payload("detect", [{ s3: { bucket: "photos", key: "a.jpg" } }]), webhook: { url } };
  const { job } = await jobs.submit({ ...submission, metadata: { patient: "Ada" } }, { priority: "normal" });
  await jobs.cancel(defaultTenant, job.id);
  return job.id;
}

const probe = async (path: string) => await fetch(`${worker?.address}${path}`);
const announced = async (id: string) => (await jobs.find(defaultTenant, id))?.webhook;

function recorded() {
  const lines: string[] = [];
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  return { logger: createLogger({ name: "test", level: "trace", format: "json", destination }), lines };
}

beforeEach(async () => {
  receiver = await WebhookReceiver.start(inTurn(answering(500), answering(200)));
});

afterEach(async () => {
  await worker?.stop("the test is over");
  await receiver.stop();
  await fleet.remove();
  worker = undefined;
});

describe("a worker whose role is webhooks", () => {
  test("is ready without models, engine and store, and delivers", async () => {
    const { ready } = await start(webhooksOnly);
    await ready;
    const answer = await probe("/readyz");
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ status: "ok", checks: { queue: "ok", webhooks: "ok" } });
    expect(await jobs.workers()).toEqual([]);
    const id = await canceledJob(receiver.url);
    await expect.poll(() => announced(id)).toEqual({ state: "delivered", attempts: 2 });
    const metrics = await (await probe("/metrics")).text();
    expect(metrics).toMatch(/^facefleet_webhook_attempts_total\{outcome="refused"\} 1$/m);
    expect(metrics).toMatch(/^facefleet_webhook_attempts_total\{outcome="delivered"\} 1$/m);
    expect(metrics).toMatch(/^facefleet_webhook_attempt_duration_seconds_count 2$/m);
  });

  test("writes neither the path of a receiver, nor metadata, nor a secret to its log", async () => {
    const { logger, lines } = recorded();
    const { ready } = await start(webhooksOnly, logger);
    await ready;
    const id = await canceledJob(`${receiver.url}/Ab3xPath?key=querysecret`);
    await expect.poll(() => announced(id)).toEqual({ state: "delivered", attempts: 2 });
    const log = lines.join("");
    expect(log).toContain(`"origin":"${new URL(receiver.url).origin}"`);
    expect(log).not.toMatch(/Ab3xPath|querysecret|Ada|whsec_|v1,/);
  });

  test("connects to no receiver that is not opened to it", async () => {
    const { ready } = await start({ ...webhooksOnly, EGRESS_ALLOW: "" });
    await ready;
    const id = await canceledJob(receiver.url);
    const forbidden = 'facefleet_egress_requests_total{purpose="webhook",outcome="forbidden"} 1';
    await expect.poll(async () => await (await probe("/metrics")).text()).toContain(forbidden);
    await expect.poll(async () => (await announced(id))?.attempts).toBe(1);
    expect(receiver.received).toEqual([]);
  });

  test("is not ready while it stops, and lets what is on its way end", async () => {
    const slow = await WebhookReceiver.start((response) => void setTimeout(() => response.end(), 500));
    const { ready } = await start(webhooksOnly);
    await ready;
    const id = await canceledJob(slow.url);
    await expect.poll(() => slow.received.length).toBe(1);
    const stopped = worker!.stop("told to");
    expect(await stopped).toBe(true);
    worker = undefined;
    expect(await announced(id)).toEqual({ state: "delivered", attempts: 1 });
    await slow.stop();
  });
});

test("a worker whose role is inference leaves events to others", async () => {
  // Without its pack it would not become ready; what it does until then is enough.
  const { ready } = await start({ ROLE: "inference", PACK: "facenet-20180402-114759", MODELS_DIR: "/nowhere" });
  await expect(ready).rejects.toThrow(/facefleet models pull/);
  expect(Object.keys(((await (await probe("/readyz")).json()) as { checks: object }).checks)).toEqual([
    "queue",
    "store",
    "engine",
    "jobs",
  ]);
  await canceledJob(receiver.url);
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(await redisKeys(fleet)).toContain(`${fleet.config.QUEUE_PREFIX}:outbox`);
  expect(receiver.received).toEqual([]);
});
