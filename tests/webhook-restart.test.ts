import type { Job, WebhookAttempts, WebhookSecret } from "@facefleet/contracts";
import { freePort } from "@facefleet/stack";
import { afterEach, describe, expect, it } from "vitest";
import { Fleet } from "./support/fleet.js";
import { RedisServer } from "./support/redis-server.js";
import { floatPack } from "./support/test-data.js";
import { answering, verified, WebhookReceiver } from "./support/webhook-receiver.js";

const webhooksOnly = { ROLE: "webhooks", PACK: floatPack, MODELS_DIR: "/nowhere" };

describe("when the API, the workers and Redis are all restarted", () => {
  let redis: RedisServer | undefined;
  let fleet: Fleet | undefined;
  let receiver: WebhookReceiver | undefined;

  afterEach(async () => {
    await receiver?.stop();
    await fleet?.stop();
    await redis?.remove();
  });

  it("a receiver that was down gets its event, under the id and with the bytes it had before", async () => {
    redis = await RedisServer.start();
    const settings = { REDIS_URL: redis.url, EGRESS_ALLOW: "127.0.0.0/8" };
    fleet = await Fleet.start(settings, { workers: 0 });
    const stack = fleet;
    const json = async <T>(path: string) => (await (await stack.get(path)).json()) as T;
    fleet.startProcess("worker", webhooksOnly);
    const { secret } = await json<WebhookSecret>("/v1/webhook-secret");

    const port = await freePort();
    receiver = await WebhookReceiver.start(answering(500), port);
    const image = { s3: { bucket: "photos", key: "a.jpg" } };
    const submitted = await fleet.postJson("/v1/jobs", { task: "detect", image, webhook: { url: receiver.url } });
    expect(submitted.status).toBe(202);
    const { id, links } = (await submitted.json()) as Job;
    await fleet.delete(links.self);
    const attempts = () => json<WebhookAttempts>(`${links.self}/webhook-attempts`);
    await expect.poll(async () => (await attempts()).attempts.length).toBe(1);
    const [before] = receiver.received;
    await receiver.stop();

    await fleet.killAll();
    await redis.stop();
    await redis.start();
    receiver = await WebhookReceiver.start(answering(200), port);
    fleet.startProcess("api");
    fleet.startProcess("worker", webhooksOnly);

    await expect.poll(() => receiver?.received.length).toBe(1);
    const [after] = receiver.received;
    expect(after!.body).toBe(before!.body);
    expect(receiver.ids).toEqual([before!.headers["webhook-id"]]);
    expect(after!.at - before!.at).toBeGreaterThanOrEqual(5000);
    expect(verified(after!, secret)).toMatchObject({ type: "job.canceled", data: { id } });
    await fleet.answers("/livez", 200);
    await expect.poll(async () => (await attempts()).state).toBe("delivered");
    expect((await attempts()).attempts.map(({ outcome }) => outcome)).toEqual(["refused", "delivered"]);
  });

  it("an event that nobody had taken from the outbox is delivered", async () => {
    redis = await RedisServer.start();
    const settings = { REDIS_URL: redis.url, EGRESS_ALLOW: "127.0.0.0/8" };
    fleet = await Fleet.start(settings, { workers: 0 });
    receiver = await WebhookReceiver.start(answering(200));
    const image = { s3: { bucket: "photos", key: "a.jpg" } };
    const submitted = await fleet.postJson("/v1/jobs", { task: "detect", image, webhook: { url: receiver.url } });
    const { links } = (await submitted.json()) as Job;
    await fleet.delete(links.self);
    await redis.stop();
    await redis.start();
    fleet.startProcess("worker", webhooksOnly);
    await expect.poll(() => receiver?.received.length).toBe(1);
  });
});
