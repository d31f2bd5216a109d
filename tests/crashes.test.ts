import type { Job } from "@facefleet/contracts";
import { afterEach, describe, expect, it } from "vitest";
import { drawnImages } from "./support/drawn-images.js";
import { Fleet } from "./support/fleet.js";
import { RedisServer } from "./support/redis-server.js";
import { portrait } from "./support/test-data.js";

describe("when something dies", () => {
  let fleet: Fleet | undefined;
  let redis: RedisServer | undefined;

  afterEach(async () => {
    await fleet?.stop();
    await redis?.remove();
    fleet = redis = undefined;
  });

  it("Redis: submit answers 503 at once, and works again when Redis is back", async () => {
    redis = await RedisServer.start();
    fleet = await Fleet.start({ REDIS_URL: redis.url });
    const image = await portrait();
    expect((await fleet.postImage("/extract-embedding", image)).status).toBe(200);
    await redis.stop();
    const started = performance.now();
    const refused = await fleet.postImage("/v1/jobs", image, { task: "detect" });
    expect(refused.status).toBe(503);
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: "queue_unavailable", retryable: true });
    await redis.start();
    await fleet.answers("/health", 200);
    const job = await fleet.finished(fleet.postImage("/v1/jobs", image, { task: "detect" }));
    expect(job.state).toBe("succeeded");
    await expect.poll(() => fleet?.uploads()).toEqual([]);
  });

  it("a worker, by SIGKILL in the middle of a job: another finishes it, once", async () => {
    fleet = await Fleet.start({}, { workers: 0 });
    const first = fleet.startProcess("worker", { LOCK_DURATION: "2" });
    await fleet.answers("/health", 200);
    const submitted = await fleet.postImage("/v1/jobs", await drawnImages.crowd(), { task: "embed" });
    const { links } = (await submitted.clone().json()) as Job;
    const { url } = fleet;
    await expect.poll(async () => ((await (await fetch(url + links.self)).json()) as Job).state).toBe("active");
    await first.stop("SIGKILL");
    const second = fleet.startProcess("worker", { LOCK_DURATION: "2" });
    const job = await fleet.finished(submitted);
    expect(job).toMatchObject({ state: "succeeded", attempts: 2 });
    await expect.poll(() => second.output.match(/"msg":"job ended"/g)?.length).toBe(1);
    await expect.poll(() => fleet?.uploads()).toEqual([]);
  });
});
