import { setTimeout as sleep } from "node:timers/promises";
import type { WebhookEvent } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucketsOf } from "./support/buckets.js";
import { Deployment } from "./support/deployment.js";
import { noHaproxy, ProxyProcess } from "./support/proxy-process.js";
import { ServiceLoad } from "./support/service-load.js";
import { TenantClient } from "./support/tenant-client.js";
import { portrait, skipped } from "./support/test-data.js";
import { WebhookReceiver } from "./support/webhook-receiver.js";

const parts = ["api-1", "worker-1", "api-2", "worker-2"];

describe.skipIf(skipped("a rolling restart under load", noHaproxy))("a rolling restart under load", () => {
  let deployment: Deployment;
  let balancer: ProxyProcess;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    deployment = await Deployment.start({ SHUTDOWN_DELAY: "4" });
    balancer = await ProxyProcess.haproxy(deployment.info.urls);
    receiver = await WebhookReceiver.start();
  });

  afterAll(async () => {
    await receiver?.stop();
    await balancer?.stop();
    await deployment?.stop();
  });

  it("fails no request, loses no job and does none twice", async () => {
    const image = await portrait();
    const buckets = bucketsOf(deployment.info);
    await buckets.put({ bucket: "photos", key: "portrait.png" }, image, { maxBytes: 1e6 });
    await buckets.close();
    const { url } = balancer;
    const client = new TenantClient({ ...deployment.info, urls: [url, url] }, "acme", 0);
    const job = {
      task: "detect",
      image: { s3: { bucket: "photos", key: "portrait.png" } },
      webhook: { url: receiver.url },
    };
    const load = new ServiceLoad(client, { job, image });
    load.start();
    for (const part of parts) {
      await sleep(1000);
      expect(await deployment.kill(part, "SIGTERM"), part).toBe(0);
      deployment.restart(part);
      await deployment.ready();
    }
    await sleep(1000);
    await load.stop();

    expect(load.failures).toEqual([]);
    expect(load.jobs.length).toBeGreaterThan(50);
    expect(load.jobs.filter(({ state, attempts }) => state !== "succeeded" || attempts !== 1)).toEqual([]);
    const ids = load.jobs.map(({ id }) => id).sort();
    const ends = deployment.output.split("\n").filter((line) => line.includes('"msg":"job ended"'));
    expect(ids.filter((id) => ends.filter((line) => line.includes(`"jobId":"${id}"`)).length !== 1)).toEqual([]);
    const announced = () => receiver.received.map(({ body }) => (JSON.parse(body) as WebhookEvent).data.id).sort();
    await expect.poll(() => new Set(announced())).toEqual(new Set(ids));
  });
});
