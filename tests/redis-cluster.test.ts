import type { Batch, FleetState, Job } from "@facefleet/contracts";
import { afterEach, describe, expect, it } from "vitest";
import { expectEventually } from "./support/eventually.js";
import { Fleet } from "./support/fleet.js";
import { RedisCluster } from "./support/redis-cluster.js";
import { portrait } from "./support/test-data.js";
import { WebhookReceiver } from "./support/webhook-receiver.js";

describe("on a Redis Cluster", () => {
  let cluster: RedisCluster | undefined;
  let fleet: Fleet | undefined;
  let receiver: WebhookReceiver | undefined;

  afterEach(async () => {
    await receiver?.stop();
    await fleet?.stop();
    await cluster?.remove();
  });

  it("the service does all that it does on one Redis", async () => {
    const prefix = "{whole-stack}";
    cluster = await RedisCluster.start(prefix);
    receiver = await WebhookReceiver.start();
    fleet = await Fleet.start({ REDIS_URL: cluster.url, QUEUE_PREFIX: prefix, EGRESS_ALLOW: "127.0.0.0/8" });
    const stack = fleet;
    const image = await portrait();

    for (const priority of ["high", "normal", "low"]) {
      const job = await stack.finished(stack.postImage("/v1/jobs", image, { task: "detect", priority }));
      expect(job).toMatchObject({ state: "succeeded", result: { faces: [{}] } });
    }
    expect((await stack.postImage("/extract-embedding", image)).status).toBe(200);

    const announced = { task: "detect", webhook: { url: receiver.url } };
    const job = await stack.finished(stack.postImage("/v1/jobs", image, announced));
    await expectEventually(() => expect(receiver?.received).toHaveLength(1));
    expect((await stack.delete(job.links.self)).status).toBeLessThan(300);
    expect((await stack.get(job.links.self)).status).toBe(404);

    const items = [{ s3: { bucket: "nowhere", key: "a.png" } }];
    const submitted = await stack.postJson("/v1/batches", { task: "detect", items });
    const batch = (await submitted.json()) as Batch;
    expect(submitted.status, JSON.stringify(batch)).toBe(202);
    await expectEventually(async () => {
      const now = (await (await stack.get(batch.links.self)).json()) as Batch;
      expect(now).toMatchObject({ state: "finished", counts: { failed: 1 } });
    });

    const { jobs } = (await (await stack.get("/v1/jobs")).json()) as { jobs: Job[] };
    expect(jobs.length).toBeGreaterThanOrEqual(3);
    expect((await (await stack.get("/v1/fleet")).json()) as FleetState).toMatchObject({ active: 0, delayed: 0 });
  });
});
