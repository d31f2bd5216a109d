import { setTimeout as sleep } from "node:timers/promises";
import { type Job, ProblemError } from "@facefleet/contracts";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { RedisServer } from "../../../tests/support/redis-server.js";
import { type ApiRig, startApi } from "./api-rig.js";
import { analysis } from "./canned-results.js";

const payload = { task: "detect", image: { s3: { bucket: "photos", key: "a/b.jpg" } } };

interface Received {
  readonly id: string;
  readonly job: Job;
}

/** Reads a stream as browsers do, until it ends. */
async function read(response: Response, onEvent: (event: Received) => void = () => undefined): Promise<Received[]> {
  const events: Received[] = [];
  let rest = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks.filter((text) => !text.startsWith(":"))) {
      const [id, name, data] = block.split("\n").map((line) => line.slice(line.indexOf(": ") + 2));
      expect(name).toBe("job");
      events.push({ id: id!, job: JSON.parse(data!) });
      onEvent(events.at(-1)!);
    }
  }
  expect(rest).toBe("");
  return events;
}

describe("the events of a job over HTTP", () => {
  let redis: RedisServer;
  let api: ApiRig;
  let address: string;
  beforeEach(async () => {
    redis = await RedisServer.start();
    api = await startApi({ REDIS_URL: redis.url });
    address = await api.app.listen({ host: "127.0.0.1", port: 0 });
  });
  afterEach(async () => {
    await api.close();
    await redis.remove();
  });

  const submit = async () => (await api.inject({ method: "POST", url: "/v1/jobs", payload })).json<Job>();
  const watch = (job: Job, init?: RequestInit) => fetch(address + job.links.events, init);

  it("are watched in 200 streams of one tenant at once, and in others when these are closed", async () => {
    const job = await submit();
    const close = new AbortController();
    const open = await Promise.all(Array.from({ length: 200 }, () => watch(job, { signal: close.signal })));
    expect(new Set(open.map(({ status }) => status))).toEqual(new Set([200]));
    const refused = await watch(job);
    expect([refused.status, await refused.json()]).toEqual([429, expect.objectContaining({ code: "too_many_waits" })]);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    close.abort();
    await eventually(async () => {
      const again = new AbortController();
      const { status } = await watch(job, { signal: again.signal });
      again.abort();
      return status === 200;
    });
  });

  it("come until the job's end, and the stream closes", async () => {
    const job = await submit();
    const response = await watch(job);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(response.headers.get("cache-control")).toBe("no-store");
    let started = false;
    const events = await read(response, () => {
      if (started) return;
      started = true;
      void api.startWorker(async (taken) => {
        taken.reportStage("analyse");
        await sleep(1200);
        return analysis([]);
      });
    });
    expect(events[0]).toEqual({ id: "0-queued", job });
    expect(events.some(({ job: { progress } }) => progress?.stage === "analyse")).toBe(true);
    const last = events.at(-1)!;
    expect(last.job).toMatchObject({ id: job.id, state: "succeeded" });
    expect(last.job).not.toHaveProperty("result");
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  });

  it("can be resumed from anywhere, and are over for who has seen the end", async () => {
    const job = await submit();
    await api.jobs.cancel("default", job.id);
    const [end] = await read(await watch(job, { headers: { "last-event-id": "0-queued" } }));
    expect(end?.job).toMatchObject({ state: "canceled" });
    const again = await watch(job, { headers: { "last-event-id": end!.id } });
    expect([again.status, await again.text()]).toEqual([204, ""]);
    expect(await read(await watch(job, { headers: { "last-event-id": "what?" } }))).toEqual([end]);
  });

  it("are refused for a job that never was", async () => {
    const answer = await fetch(`${address}/v1/jobs/j${"0".repeat(32)}/events`);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: "job_not_found" });
  });

  it("end when the process stops", async () => {
    const events = read(await watch(await submit()));
    await sleep(100);
    const start = Date.now();
    api.stopping.abort();
    await api.app.close();
    expect(await events).toHaveLength(1);
    expect(Date.now() - start).toBeLessThan(15_000);
  });

  it("stop costing anything when the client leaves, and never more than one connection", async () => {
    const job = await submit();
    await api.jobs.waitUntilEnded("default", job.id, 10);
    const monitor = new Redis(redis.url);
    const number = async (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(await monitor.info())?.[1]);
    const clients = () => number("connected_clients");
    const commands = () => number("total_commands_processed");
    const before = await clients();
    const left = new AbortController();
    const streams = await Promise.all(Array.from({ length: 40 }, () => watch(job, { signal: left.signal })));
    expect(streams.every(({ status }) => status === 200)).toBe(true);
    expect(await clients()).toBe(before);
    left.abort();
    await Promise.allSettled(streams.map(({ body }) => body?.cancel()));
    await sleep(1000);
    const first = await commands();
    await sleep(1500);
    // 40 streams would have looked 120 times.
    expect((await commands()) - first).toBeLessThan(20);
    monitor.disconnect();
  });

  it("break off when Redis is lost, and can be watched again", async () => {
    const job = await submit();
    const events = read(await watch(job));
    await sleep(100);
    await redis.stop();
    expect(await events).toHaveLength(1);
    expect((await watch(job)).status).toBe(503);
    await redis.start();
    await eventually(async () => (await api.inject({ url: job.links.self })).statusCode === 200);
    const again = read(await watch(job));
    await api.startWorker(() => Promise.reject(new ProblemError("image_undecodable")));
    expect((await again).at(-1)?.job).toMatchObject({ state: "failed", error: { code: "image_undecodable" } });
  });
});
