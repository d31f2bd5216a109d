import { setTimeout as sleep } from "node:timers/promises";
import type { Batch, Job, ProbeAnswer, Upload, WebhookAttempts } from "@facefleet/contracts";
import {
  BatchSteps,
  createLogger,
  FleetRedis,
  FolderObjectStore,
  Orphans,
  type OwnName,
  QueueSweep,
  type RedisSettings,
  StoredResults,
  UploadRegistry,
} from "@facefleet/platform";
import { freePort } from "@facefleet/stack";
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { neededCommands } from "../packages/platform/src/queue/redis/redis-needs.js";
import { Fleet } from "./support/fleet.js";
import { RedisServer } from "./support/redis-server.js";
import { ServiceProcess } from "./support/service-process.js";
import { modelsDir, portrait } from "./support/test-data.js";
import { WebhookReceiver } from "./support/webhook-receiver.js";

const keys = ["~{facefleet}*", "&{facefleet}*"];
/** As docs/runbook.md has it. */
const documented =
  "-@all +@read +@write +@stream +@pubsub +@scripting +@transaction +@connection +@blocking +@sortedset +@hash +@list +@set +@string +@keyspace -@dangerous +info +time";
/** What is needed, and what a client says of itself and looks with. */
const exact = [
  "-@all",
  ...neededCommands("", "").map(([name]) => `+${name}`),
  ..."hello auth select client quit multi exec discard".split(" ").map((name) => `+${name}`),
].join(" ");

const logger = createLogger({ name: "test", level: "silent", format: "json" });

let redis: RedisServer;
let fleet: Fleet | undefined;

async function userWith(rules: string, places = keys): Promise<string> {
  await redis.command("acl", "setuser", "facefleet", "reset", "on", ">secret", ...places, ...rules.split(" "));
  return `redis://facefleet:secret@127.0.0.1:${redis.port}`;
}

beforeAll(async () => {
  redis = await RedisServer.start();
  return () => redis.remove();
});
afterEach(async () => {
  await fleet?.stop();
  fleet = undefined;
  await redis.command("flushall");
});

describe("a Redis user", () => {
  it.each([
    ["documented", documented],
    ["needed", exact],
  ])("with the %s rights is enough for everything that the fleet does", async (_which, rules) => {
    const receiver = await WebhookReceiver.start();
    const settings = { REDIS_URL: await userWith(rules), QUEUE_PREFIX: "{facefleet}" };
    fleet = await Fleet.start({
      ...settings,
      EGRESS_ALLOW: "127.0.0.1",
      ANALYSIS_CACHE_TTL: "60",
    });
    await redis.command("acl", "log", "reset");
    await everything(fleet, receiver).catch(async (error: unknown) => {
      throw new Error(`Refused: ${await redis.command("acl", "log")}`, { cause: error });
    });
    await onceAMinute(settings);
    await fleet.answers("/readyz", 200);
    expect(fleet.output).not.toMatch(/NOPERM|ACL failure|executing the script/);
    expect(await redis.command("acl", "log")).toBe("");
    await receiver.stop();
  });

  it("that lacks a right later makes the fleet unready, which says so at most once a second, until it has it again", async () => {
    const workerPort = String(await freePort());
    fleet = await Fleet.start({
      REDIS_URL: await userWith(documented),
      QUEUE_PREFIX: "{facefleet}",
      WORKER_PORT: workerPort,
    });
    await redis.command("acl", "setuser", "facefleet", "-time", "-bzpopmin", "-evalsha");
    const before = fleet.output.split("\n").length;
    const missing = expect.stringMatching(/may run BZPOPMIN, EVALSHA, TIME/);
    expect(await (await fleet.answers("/readyz", 503)).json()).toMatchObject({ checks: { redis: missing } });
    const worker = async () => (await (await fetch(`http://127.0.0.1:${workerPort}/readyz`)).json()) as ProbeAnswer;
    await expect.poll(worker).toMatchObject({ status: "unavailable", checks: { queue: missing } });
    await sleep(10_000);
    expect(fleet.output.split("\n").length - before).toBeLessThan(12);
    await redis.command("acl", "setuser", "facefleet", "+time", "+bzpopmin", "+evalsha");
    await fleet.answers("/readyz", 200);
    const job = await fleet.finished(fleet.postImage("/v1/jobs", await portrait(), { task: "detect" }));
    expect(job.state).toBe("succeeded");
  });
});

describe("a Redis that throws jobs away when it is full", () => {
  it("is warned of by every process, in a log that is JSON all through, and by a metric", async () => {
    await redis.command("config", "set", "maxmemory-policy", "volatile-lru");
    fleet = await Fleet.start({ REDIS_URL: redis.url });
    const lines = fleet.output
      .trim()
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { level: number; policy?: string; engine?: string });
    // A worker says, too, when the processor has no right kernels for its engine.
    const warnings = lines.filter(({ level, engine }) => level >= 40 && engine === undefined);
    expect(warnings).toMatchObject([{ policy: "volatile-lru" }, { policy: "volatile-lru" }]);
    expect(await (await fleet.get("/metrics")).text()).toMatch(/^facefleet_redis_may_evict 1$/m);
    await redis.command("config", "set", "maxmemory-policy", "noeviction");
    await expect.poll(async () => (await fleet!.get("/metrics")).text()).toMatch(/^facefleet_redis_may_evict 0$/m);
  });
});

/** Every feature, once. */
async function everything(at: Fleet, receiver: WebhookReceiver): Promise<void> {
  const image = await portrait();
  const webhook = { url: receiver.url };
  const look = async <T>(path: string) => (await (await at.get(path)).json()) as T;
  expect((await at.postImage("/detect-face", image)).status).toBe(200);
  const done = await at.finished(at.postImage("/v1/jobs", image, { task: "embed", webhook }));
  expect(done.state).toBe("succeeded");
  await at.finished(at.postImage("/v1/jobs", image, { task: "embed" }));

  const { id, url, method, headers } = (await (
    await at.postJson("/v1/uploads", { contentType: "image/png", size: image.length })
  ).json()) as Upload;
  expect((await fetch(url, { method, headers, body: Uint8Array.from(image) })).status).toBe(204);
  const keyed = { method: "POST", headers: { "content-type": "application/json", "idempotency-key": "1" } };
  const body = JSON.stringify({ task: "detect", image: { upload: id } });
  const first = (await (await fetch(`${at.url}/v1/jobs`, { ...keyed, body })).json()) as Job;
  expect(((await (await fetch(`${at.url}/v1/jobs`, { ...keyed, body })).json()) as Job).id).toBe(first.id);
  expect(await (await at.get(`${first.links.events}`)).text()).toContain("succeeded");

  const absent = { s3: { bucket: "local", key: "absent.png" } };
  const failed = await at.finished(at.postJson("/v1/jobs", { task: "detect", image: absent, webhook }));
  expect(failed).toMatchObject({ state: "failed", error: { code: "image_not_found" } });
  expect((await at.postJson(`${failed.links.self}/retry`, undefined)).status).toBe(202);
  await look(`${failed.links.self}?wait=20`);
  expect((await at.delete(done.links.self)).status).toBe(204);
  expect((await at.get("/v1/jobs?state=failed&limit=1")).status).toBe(200);

  const items = [absent, absent];
  const batch = (await (await at.postJson("/v1/batches", { task: "detect", items, webhook })).json()) as Batch;
  await expect.poll(async () => (await look<Batch>(`/v1/batches/${batch.id}`)).state).toBe("finished");
  expect((await at.get(`/v1/batches/${batch.id}/results`)).status).toBe(200);
  expect((await at.postJson(`/v1/batches/${batch.id}/retry`, undefined)).status).toBe(202);
  await expect.poll(async () => (await look<Batch>(`/v1/batches/${batch.id}`)).state).toBe("finished");
  expect((await at.get("/v1/batches?state=finished&limit=1")).status).toBe(200);
  const stopped = (await (await at.postJson("/v1/batches", { task: "detect", items })).json()) as Batch;
  for (const { links } of [stopped, batch]) expect((await at.delete(links.self)).status).toBe(204);

  await expect.poll(() => receiver.received.length).toBeGreaterThanOrEqual(3);
  const attempts = `${failed.links.self}/webhook-attempts`;
  expect(await look<WebhookAttempts>(attempts)).toMatchObject({ state: "delivered" });
  expect((await at.postJson(attempts, undefined)).status).toBe(202);
  for (const path of ["/v1/webhook-secret", "/v1/fleet", "/v1/models", "/metrics", "/health"]) {
    expect((await at.get(path)).status).toBe(200);
  }
  expect((await at.postJson("/v1/webhook-secret/rotate", undefined)).status).toBe(200);
}

/** What workers clear away. */
async function onceAMinute(settings: RedisSettings): Promise<void> {
  const options = { logger, store: new FolderObjectStore("/tmp/facefleet-rights") };
  const redis = new FleetRedis(settings, options);
  const sweep = new QueueSweep(redis, { ...options, onEnd: async () => undefined, graceMs: 0 });
  const uploads = new UploadRegistry(redis);
  const results = new StoredResults(redis, options);
  const steps = new BatchSteps(redis);
  const orphans = new Orphans(redis);
  await sweep.sweep();
  await orphans.endTurn((await orphans.takeTurn()) ?? "", 0);
  await orphans.among(["upload", "batch", "result"].map((kind) => ({ kind, id: "a" }) as OwnName));
  await Promise.all([uploads.takeDue(10), results.takeExpired(10), steps.takeExpired(10)]);
  await sweep.stop();
  await redis.close();
}

describe("a process that cannot work with its Redis", () => {
  const cases: Record<string, () => Promise<{ url: string; sentence: RegExp }>> = {
    "because a right is missing": async () => ({
      url: await userWith(`${documented} -time`),
      sentence: /Expected a Redis user that may run TIME, but it may not; docs\/runbook\.md has the rights/,
    }),
    "because its user may not look at it": async () => ({
      url: await userWith(`${documented} -info`),
      sentence: /may run INFO, but/,
    }),
    "because nearly every right is missing": async () => ({
      url: await userWith("-@all +@connection +@transaction"),
      sentence: /may run GET, EXISTS, .*TIME, INFO, but|may run GET, EXISTS, /,
    }),
    "because the keys are others": async () => ({
      url: await userWith(documented, ["~other*", "&{facefleet}*"]),
      sentence: /may use the keys \{facefleet\}\*, but/,
    }),
    "because the channels are others": async () => ({
      url: await userWith(documented, ["~{facefleet}*", "&other*"]),
      sentence: /may use the channels \{facefleet\}\*, but/,
    }),
    "because there is no such database": async () => ({
      url: `redis://127.0.0.1:${redis.port}/99`,
      sentence: /Expected a database in REDIS_URL that Redis has/,
    }),
    "because its user may not select the database": async () => ({
      url: `${await userWith(`${documented} -select`)}/3`,
      sentence: /may SELECT the database in REDIS_URL, but/,
    }),
    "because the password is wrong": async () => {
      await userWith(documented);
      return { url: `redis://facefleet:wrong@127.0.0.1:${redis.port}`, sentence: /a user and a password in REDIS_URL/ };
    },
  };

  it.each(Object.keys(cases))("says so in one sentence and ends, %s", async (why) => {
    const { url, sentence } = await cases[why]!();
    const settings = {
      REDIS_URL: url,
      QUEUE_PREFIX: "{facefleet}",
      MODELS_DIR: modelsDir,
      PORT: "0",
      WORKER_PORT: "0",
      STORE_DIR: "/tmp/facefleet-rights",
    };
    const started = [new ServiceProcess("api", settings), new ServiceProcess("worker", settings)];
    onTestFinished(() => void started.map(({ process }) => process.kill("SIGKILL")));
    for (const process of started) {
      expect([await process.ended, process.output]).toEqual([1, expect.stringMatching(sentence)]);
      expect(process.output.split("\n").filter((line) => /"level":[456]0/.test(line))).toHaveLength(1);
    }
    // BullMQ says which version it is as soon as it can.
    expect(["", "{facefleet}:faces:meta"]).toContain(await redis.command("keys", "*"));
  });
});
