import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createLogger } from "@facefleet/platform";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { RedisServer } from "../../../tests/support/redis-server.js";
import { type ApiRig, startApi, withRedis } from "./api-rig.js";
import { analysis } from "./canned-results.js";
import { form, imagePart } from "./form.js";

const job = { task: "detect", image: { s3: { bucket: "photos", key: "a.jpg" } } };

describe("without Redis", () => {
  let redis: RedisServer;
  let api: ApiRig;

  beforeEach(async () => {
    redis = await RedisServer.start();
    api = await startApi({ REDIS_URL: redis.url });
  });
  afterEach(async () => {
    await api.close();
    await redis.remove();
  });

  const submit = () => api.inject({ method: "POST", url: "/v1/jobs", payload: job });

  it("answers 503 at once, and works again when Redis is back", async () => {
    expect((await submit()).statusCode).toBe(202);
    await redis.stop();
    for (const request of [submit, () => api.inject(form("/detect-face", [imagePart()]))]) {
      const started = Date.now();
      const answer = await request();
      expect(Date.now() - started).toBeLessThan(10_000);
      expect(answer.statusCode).toBe(503);
      expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
      expect(answer.json()).toMatchObject({ code: "queue_unavailable", retryable: true });
    }
    expect(await api.storedUploads()).toEqual([]);
    expect((await api.inject({ url: "/livez" })).statusCode).toBe(200);
    const ready = await api.inject({ url: "/readyz" });
    expect(ready.statusCode).toBe(503);
    expect(ready.json()).toEqual({ status: "unavailable", checks: { redis: "Redis does not answer", store: "ok" } });
    expect((await api.inject({ url: "/health" })).statusCode).toBe(503);
    const metrics = await api.inject({ url: "/metrics" });
    expect(metrics.statusCode).toBe(200);
    expect(metrics.body).not.toMatch(/^facefleet_queue_jobs\{/m);

    await redis.start();
    await eventually(async () => (await submit()).statusCode === 202);
    expect((await api.inject({ url: "/readyz" })).statusCode).toBe(200);
  });
});

describe("with a Redis that refuses writes", () => {
  let redis: RedisServer;
  let api: ApiRig;

  beforeEach(async () => {
    redis = await RedisServer.start();
    api = await startApi({ REDIS_URL: redis.url });
  });
  afterEach(async () => {
    await api.close();
    await redis.remove();
  });

  const ready = () => api.inject({ url: "/readyz" });

  it("for want of replicas is not ready, and says why", async () => {
    expect((await ready()).statusCode).toBe(200);
    await redis.command("config", "set", "min-replicas-to-write", "1");
    await eventually(async () => (await ready()).statusCode === 503);
    expect((await ready()).json()).toMatchObject({
      checks: {
        redis: "Expected a Redis that can be written to but it refuses: NOREPLICAS Not enough good replicas to write.",
      },
    });
    await redis.command("config", "set", "min-replicas-to-write", "0");
    await eventually(async () => (await ready()).statusCode === 200);
  });

  it("because it is full stays ready: what is there can be read and erased", async () => {
    const submitted = (await api.inject({ method: "POST", url: "/v1/jobs", payload: job })).json<{ id: string }>();
    await redis.command("config", "set", "maxmemory", "1mb");
    expect((await api.inject({ method: "POST", url: "/v1/jobs", payload: job })).statusCode).toBe(503);
    await sleep(1100);
    expect((await ready()).statusCode).toBe(200);
    expect((await api.inject({ method: "DELETE", url: `/v1/jobs/${submitted.id}` })).statusCode).toBe(204);
  });

  it("fails many requests with few lines of log, each of which is answered for itself", async () => {
    const lines: { level: number; msg: string; code?: string; times?: number }[] = [];
    const logger = createLogger({
      name: "test",
      level: "info",
      format: "json",
      destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
    });
    const loud = await startApi({ REDIS_URL: redis.url, QUEUE_PREFIX: api.config.QUEUE_PREFIX }, logger);
    await redis.command("config", "set", "min-replicas-to-write", "1");
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => loud.inject({ method: "POST", url: "/v1/jobs", payload: job })),
    );
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([503]));
    await loud.close();
    expect(lines.filter(({ msg }) => msg === "request failed")).toHaveLength(1);
    const answered = lines.filter(({ msg }) => msg === "answered");
    expect(answered).toHaveLength(200);
    expect(answered[0]).toMatchObject({ status: 503, code: "queue_unavailable" });
    await redis.command("config", "set", "min-replicas-to-write", "0");
  });
});

describe("with a Redis that hangs", () => {
  let redis: RedisServer;
  let api: ApiRig;

  beforeEach(async () => {
    redis = await RedisServer.start();
    api = await startApi({ REDIS_URL: redis.url });
  });
  afterEach(async () => {
    redis.thaw();
    await api.close();
    await redis.remove();
  });

  it.each([
    ["/v1/jobs", job],
    ["/v1/batches", { task: "detect", items: [job.image] }],
  ])(
    "a submission to %s is perhaps done, and is done once when it is repeated as the answer says",
    async (url, payload) => {
      const submit = (headers = {}) => api.inject({ method: "POST", url, payload, headers });
      // Redis knows the script then, and runs it when it wakes.
      expect((await submit()).statusCode).toBe(202);
      redis.freeze();
      const open = await submit();
      expect([open.statusCode, open.json()]).toMatchObject([503, { code: "submission_unconfirmed", retryable: false }]);
      const { idempotencyKey } = open.json<{ idempotencyKey: string }>();
      expect(open.headers["idempotency-key"]).toBe(idempotencyKey);
      redis.thaw();
      const again = await submit({ "idempotency-key": idempotencyKey });
      expect([200, 202]).toContain(again.statusCode);
      expect(again.json()).toMatchObject({ id: idempotencyKey });
      await sleep(200);
      const keys = await redis.command(
        "keys",
        url === "/v1/jobs" ? "*:faces:j*" : "*:batch:b????????????????????????????????",
      );
      expect(keys.split("\n")).toHaveLength(2);
    },
  );

  it("a keyed one may be repeated as it is", async () => {
    const submit = () =>
      api.inject({ method: "POST", url: "/v1/jobs", payload: job, headers: { "idempotency-key": "order 7" } });
    redis.freeze();
    expect((await submit()).json()).toMatchObject({ code: "queue_unavailable", retryable: true });
    redis.thaw();
    const ids = [await submit(), await submit()].map((answer) => answer.json<{ id: string }>().id);
    expect(new Set(ids).size).toBe(1);
  });
});

it("without the store, answers 503 and says which check fails", async () => {
  const api = await startApi({
    S3_ENDPOINT: "http://127.0.0.1:9",
    S3_BUCKET: "facefleet",
    S3_ACCESS_KEY_ID: "id",
    S3_SECRET_ACCESS_KEY: "secret",
  });
  try {
    const answer = await api.inject(form("/detect-face", [imagePart()]));
    expect(answer.statusCode).toBe(503);
    expect(answer.headers["retry-after"]).toBeDefined();
    expect(answer.json()).toMatchObject({ code: "store_unavailable" });
    const started = Date.now();
    const ready = await api.inject({ url: "/readyz" });
    expect(Date.now() - started).toBeLessThan(10_000);
    expect(ready.json()).toEqual({
      status: "unavailable",
      checks: { redis: "ok", store: "the object store does not answer" },
    });
  } finally {
    await api.close();
  }
}, 60_000);

describe("around the API", () => {
  let api: ApiRig;
  beforeEach(async () => {
    api = await startApi({ SHUTDOWN_DEADLINE: "2" });
  });
  afterEach(() => api.close());

  it("is healthy with a worker, and degraded without", async () => {
    const health = { service: "facefleet", model: "FaceNet (Inception ResNet V1)", embedding_dimensions: 512 };
    const without = await api.inject({ url: "/health" });
    expect([without.statusCode, without.json()]).toEqual([
      503,
      { status: "degraded", ...health, detail: "no worker is ready" },
    ]);
    await api.startWorker(async () => analysis([]));
    const withOne = await api.inject({ url: "/health" });
    expect([withOne.statusCode, withOne.json()]).toEqual([200, { status: "healthy", ...health }]);
    // As BullMQ's own tools do it.
    await withRedis(api.config, (redis) => redis.hset(`${api.config.QUEUE_PREFIX}:faces:meta`, "paused", 1));
    const paused = await api.inject({ url: "/health" });
    expect([paused.statusCode, paused.json()]).toMatchObject([503, { detail: "the queue is paused" }]);
    expect((await api.inject({ url: "/metrics" })).body).toMatch(/^facefleet_queue_paused 1$/m);
    expect((await api.inject({ url: "/v1/models" })).json()).toMatchObject({
      workers: [{ id: "worker-1", engine: "onnx-cpu", model: { dimensions: 512 } }],
    });
  });

  it("counts requests and jobs, and shows the queue's depth", async () => {
    await api.inject({ method: "POST", url: "/v1/jobs", payload: job });
    await api.inject({ url: `/v1/jobs/j${randomBytes(16).toString("hex")}` });
    const { body, headers } = await api.inject({ url: "/metrics" });
    expect(headers["content-type"]).toMatch(/^text\/plain/);
    expect(body).toContain('facefleet_jobs_submitted_total{task="detect",priority="normal"} 1');
    expect(body).toContain('facefleet_http_requests_total{route="/v1/jobs/:id",method="GET",status="404"} 1');
    expect(body).toContain('facefleet_http_request_duration_seconds_count{route="/v1/jobs",method="POST"} 1');
    expect(body).toContain('facefleet_queue_jobs{state="waiting"} 1');
    expect(body).toContain('facefleet_queue_waiting_jobs{priority="normal"} 1');
    expect(body).toMatch(/facefleet_queue_oldest_job_age_seconds\{priority="normal"\} 0\.\d+/);
    expect(body).toContain("facefleet_webhooks_undelivered 0");
  });

  it("shows the fleet in one process only", async () => {
    const other = await startApi({ QUEUE_PREFIX: api.config.QUEUE_PREFIX });
    const scrape = async (rig: typeof api) => (await rig.inject({ url: "/metrics" })).body;
    expect(await scrape(api)).toMatch(/^facefleet_queue_jobs\{/m);
    const fleet = (await other.inject({ url: "/v1/fleet" })).json();
    expect(fleet).toMatchObject({
      workers: [],
      waiting: { normal: { jobs: 0 } },
      active: 0,
      undelivered: { events: 0 },
    });
    const elsewhere = await scrape(other);
    expect(elsewhere).toContain("facefleet_http_requests_total");
    expect(elsewhere).not.toMatch(/^facefleet_(queue|batches_live|webhook)\S* \d/m);
    await other.close();
  });

  it("stops with every request answered: unready first, then short waits, then no connections", async () => {
    const address = await api.app.listen({ host: "127.0.0.1", port: 0 });
    await api.startWorker(async () => {
      await sleep(500);
      return analysis([]);
    });
    const send = () => {
      const body = new FormData();
      body.set("image", new Blob(["x"]), "a.jpg");
      return fetch(`${address}/detect-face`, { method: "POST", body });
    };
    const waiting = send();
    await eventually(async () => (await api.jobs.depth()).active === 1);
    api.stopping.abort();
    const ready = await fetch(`${address}/readyz`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: "unavailable", checks: { redis: "ok", store: "ok", process: "is stopping" } },
    ]);
    const started = Date.now();
    const closed = api.app.close();
    expect((await waiting).status).toBe(200);
    await closed;
    expect(Date.now() - started).toBeLessThan(15_000);
    await expect(fetch(`${address}/livez`)).rejects.toThrow();
  });

  it("answers waits with the job as it is when the process's time runs out", async () => {
    const { id } = (await api.inject({ method: "POST", url: "/v1/jobs", payload: job })).json<{ id: string }>();
    const started = Date.now();
    const waiting = api.inject({ url: `/v1/jobs/${id}?wait=30` });
    api.stopping.abort();
    expect((await waiting).json()).toMatchObject({ state: "queued" });
    const late = await api.inject({ url: `/v1/jobs/${id}?wait=30` });
    expect(late.json()).toMatchObject({ state: "queued" });
    expect(Date.now() - started).toBeLessThan(15_000);
  });

  it("lets waits last while requests are still taken", async () => {
    const slow = await startApi({ SHUTDOWN_DEADLINE: "2", SHUTDOWN_DELAY: "1.5" });
    const { id } = (await slow.inject({ method: "POST", url: "/v1/jobs", payload: job })).json<{ id: string }>();
    const started = Date.now();
    slow.stopping.abort();
    expect((await slow.inject({ url: `/v1/jobs/${id}?wait=30` })).json()).toMatchObject({ state: "queued" });
    expect(Date.now() - started).toBeGreaterThan(1500);
    expect(Date.now() - started).toBeLessThan(15_000);
    await slow.close();
  });
});
