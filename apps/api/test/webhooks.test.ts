import type { Job, WebhookAttempts, WebhookSecret } from "@facefleet/contracts";
import { ProblemError } from "@facefleet/contracts";
import { createLogger, EgressGuard, OutboxRelay, WebhookDeliverer } from "@facefleet/platform";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { answering, verified, WebhookReceiver } from "../../../tests/support/webhook-receiver.js";
import { type ApiRig, startApi } from "./api-rig.js";
import { analysis, face } from "./canned-results.js";

const logger = createLogger({ name: "test", level: "silent", format: "json" });

describe("webhooks", () => {
  let api: ApiRig;
  let receiver: WebhookReceiver;
  let stopDelivering: () => Promise<unknown>;

  beforeEach(async () => {
    api = await startApi({ EGRESS_ALLOW: "127.0.0.1" });
    receiver = await WebhookReceiver.start(answering(200));
    stopDelivering = startDelivering();
  });
  afterEach(async () => {
    await stopDelivering();
    await receiver.stop();
    await api.close();
  });

  function startDelivering() {
    const relay = new OutboxRelay(api.redis, { logger });
    const egress = new EgressGuard({ allow: api.config.EGRESS_ALLOW });
    const deliverer = new WebhookDeliverer(api.redis, { logger, egress, concurrency: 4, timeoutMs: 1000 });
    relay.start();
    deliverer.start();
    return () => Promise.all([relay.stop(), deliverer.stop(0)]);
  }

  async function submitted(webhook?: { url: string }): Promise<Job> {
    const image = { s3: { bucket: "photos", key: "a.jpg" } };
    const body = { task: "detect", image, metadata: { album: "summer" }, ...(webhook && { webhook }) };
    const answer = await api.inject({ method: "POST", url: "/v1/jobs", payload: body });
    expect(answer.statusCode).toBe(202);
    return answer.json();
  }

  const get = (url: string) => api.inject({ url });
  const post = (url: string) => api.inject({ method: "POST", url });
  const attemptsUrl = ({ links }: Job) => `${links.self}/webhook-attempts`;

  async function delivered(job: Job): Promise<WebhookAttempts> {
    await eventually(async () => (await get(job.links.self)).json().webhook?.state === "delivered");
    return (await get(attemptsUrl(job))).json();
  }

  it("announce a job's end, signed with the secret that the API shows", async () => {
    await api.startWorker(async () => analysis([face(0.99), face(0.98)]));
    const { secret } = (await get("/v1/webhook-secret")).json() as WebhookSecret;
    const job = await submitted({ url: receiver.url });
    expect(job.webhook).toEqual({ state: "waiting", attempts: 0 });
    const { id, attempts } = await delivered(job);
    expect(attempts).toMatchObject([{ outcome: "delivered", status: 200 }]);
    expect(receiver.ids).toEqual([id]);
    expect(verified(receiver.received[0]!, secret)).toMatchObject({
      type: "job.succeeded",
      data: { id: job.id, faces: 2, metadata: { album: "summer" }, links: job.links },
    });
  });

  it("are sent again when asked", async () => {
    await api.startWorker(async () => analysis([face(0.99)]));
    const job = await submitted({ url: receiver.url });
    const { id } = await delivered(job);
    const answer = await post(attemptsUrl(job));
    expect(answer.statusCode).toBe(202);
    expect(answer.json()).toMatchObject({ id, state: "pending", attempts: [{ outcome: "delivered" }] });
    await eventually(() => receiver.received.length === 2);
    expect(receiver.ids).toEqual([id, id]);
  });

  it("of a job that has not ended wait; nothing can be sent again", async () => {
    const job = await submitted({ url: receiver.url });
    expect((await get(attemptsUrl(job))).json()).toEqual({ state: "waiting", attempts: [] });
    const answer = await post(attemptsUrl(job));
    expect(answer.statusCode).toBe(409);
    expect(answer.json()).toMatchObject({ code: "webhook_absent" });
  });

  it("that nobody asked for are absent", async () => {
    const job = await submitted();
    expect(job).not.toHaveProperty("webhook");
    for (const answer of [await get(attemptsUrl(job)), await post(attemptsUrl(job))]) {
      expect(answer.statusCode).toBe(409);
      expect(answer.json()).toMatchObject({ code: "webhook_absent" });
    }
  });

  it("of a job that is unknown or was erased are nothing", async () => {
    await api.startWorker(() => Promise.reject(new ProblemError("image_undecodable")));
    const job = await submitted({ url: receiver.url });
    await delivered(job);
    expect((await api.inject({ method: "DELETE", url: job.links.self })).statusCode).toBe(204);
    const unknown = `/v1/jobs/j${"0".repeat(32)}/webhook-attempts`;
    for (const url of [attemptsUrl(job), unknown, "/v1/jobs/nonsense/webhook-attempts"]) {
      for (const answer of [await get(url), await post(url)]) {
        expect(answer.statusCode).toBe(404);
        expect(answer.json()).toMatchObject({ code: "job_not_found" });
      }
    }
  });

  it("change their secret when asked, with a day for receivers to follow", async () => {
    const before = (await get("/v1/webhook-secret")).json() as WebhookSecret;
    expect(before).toEqual({ secret: expect.stringMatching(/^whsec_/), createdAt: expect.any(String) });
    const answer = await post("/v1/webhook-secret/rotate");
    expect(answer.statusCode).toBe(200);
    expect(answer.headers["cache-control"]).toBe("no-store");
    const after = answer.json() as WebhookSecret;
    expect(after.secret).not.toBe(before.secret);
    expect(Date.parse(after.previousUntil!)).toBeGreaterThan(Date.now() + 23 * 3_600_000);
    expect((await get("/v1/webhook-secret")).json()).toEqual(after);
  });
});
