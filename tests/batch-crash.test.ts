import type { Batch, BatchLine, ImageRef } from "@facefleet/contracts";
import type { ObjectStore } from "@facefleet/platform";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bucketsOf } from "./support/buckets.js";
import { Deployment } from "./support/deployment.js";
import { TenantClient } from "./support/tenant-client.js";

const count = 10_000;
const colours = ["#000", "#555", "#aaa", "#fff"];
/** A little more than the items that are queued or ended and not yet stored at once: no fewer are left to expand. */
const window = 5120 + 512;

/** Every hundredth is not there. */
const keyOf = (index: number) => (index % 100 === 99 ? `missing-${index}.png` : `tiny-${index % colours.length}.png`);
const images: ImageRef[] = Array.from({ length: count }, (_, index) => ({
  s3: { bucket: "photos", key: keyOf(index) },
}));

describe("a batch of 10,000 images", () => {
  let deployment: Deployment;
  let buckets: ObjectStore;

  beforeAll(async () => {
    deployment = await Deployment.start({ LOCK_DURATION: "5" });
    buckets = bucketsOf(deployment.info);
    for (const [index, background] of colours.entries()) {
      const image = await sharp({ create: { width: 24, height: 24, channels: 3, background } })
        .png()
        .toBuffer();
      await buckets.put({ bucket: "photos", key: `tiny-${index}.png` }, image, { maxBytes: 1e6 });
    }
    const manifest = Buffer.from(images.map((image) => `${JSON.stringify(image)}\n`).join(""));
    await buckets.put({ bucket: "photos", key: "manifest.ndjson" }, manifest, { maxBytes: 1e7 });
  });

  afterAll(async () => {
    await buckets?.close();
    await deployment?.stop();
  });

  it("has each result once, although an API and each worker are killed while it is expanded", async () => {
    const doomed = new TenantClient(deployment.info, "acme", 0);
    const tenant = new TenantClient(deployment.info, "acme", 1);
    const request = {
      task: "detect",
      manifest: { s3: { bucket: "photos", key: "manifest.ndjson" } },
      output: { s3: { bucket: "results", prefix: "crashed" } },
    };
    const once = { "idempotency-key": "crashed" };
    const { id, links } = await doomed.post<Batch>("/v1/batches", request, once);
    const look = () => tenant.get<Batch>(links.self);
    const ended = async () => endedOf(await look());

    await expect.poll(ended).toBeGreaterThan(300);
    await Promise.all([deployment.kill("api-1"), deployment.kill("worker-1")]);
    expect(await ended()).toBeLessThan(count - window);
    // Whoever heard nothing before the API died asks again, and has the same batch.
    expect((await tenant.post<Batch>("/v1/batches", request, once)).id).toBe(id);
    deployment.restart("worker-1");
    deployment.restart("api-1");
    await deployment.ready();

    const before = await ended();
    await expect.poll(ended).toBeGreaterThan(before);
    await deployment.kill("worker-2");
    expect(await ended()).toBeLessThan(count - window);
    deployment.restart("worker-2");

    // A batch that a worker died with is given to another after a minute.
    await expect.poll(async () => (await look()).finishedAt, { interval: 500 }).toBeDefined();
    const counts = { total: count, queued: 0, active: 0, succeeded: count - count / 100, failed: count / 100 };
    expect(await look()).toMatchObject({ state: "finished", progress: 1, counts });
    const results = await doomed.text(links.results);
    expectEachOnce(results);
    expect(await outputOf(buckets, id)).toBe(results);
  }, 240_000);
});

const endedOf = ({ counts }: Batch) => counts.succeeded + counts.failed + counts.canceled;

function expectEachOnce(ndjson: string): void {
  const lines = ndjson.trimEnd().split("\n");
  const results = lines.map((line) => JSON.parse(line) as BatchLine);
  expect(results.map(({ index }) => index)).toEqual(images.map((_, index) => index));
  expect(results.map(({ image }) => image)).toEqual(images);
  const wrong = results.filter(({ index, state, result, error }) => {
    return index % 100 === 99 ? error?.code !== "image_not_found" : state !== "succeeded" || result === undefined;
  });
  expect(wrong).toEqual([]);
}

async function outputOf(buckets: ObjectStore, id: string): Promise<string> {
  const { keys } = await buckets.list({ bucket: "results", prefix: `crashed/${id}/` }, { limit: 1000 });
  const parts = keys.sort().map((key) => buckets.get({ bucket: "results", key }, { maxBytes: 1e8 }));
  return Buffer.concat(await Promise.all(parts)).toString();
}
