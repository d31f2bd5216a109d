import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BatchRecord,
  BatchSteps,
  batchCopyRef,
  createLogger,
  createObjectStore,
  UploadRegistry,
} from "@facefleet/platform";
import { expect, it, onTestFinished } from "vitest";
import { BatchSource } from "../src/batches/sources/batch-source.js";
import type { SourceItem } from "../src/batches/sources/source-page.js";
import { loadWorkerConfig } from "../src/config.js";

const logger = createLogger({ name: "test", level: "silent", format: "json" });
const manifest = { s3: { bucket: "photos", key: "manifest.ndjson" } };

/** A source of batches over a folder of its own. */
async function open() {
  const folder = await mkdtemp(join(tmpdir(), "facefleet-source-"));
  const config = loadWorkerConfig({
    // biome-ignore lint/style/noProcessEnv: the tests' Redis
    REDIS_URL: process.env.REDIS_URL,
    QUEUE_PREFIX: `{test-${randomBytes(6).toString("hex")}}`,
    STORE_DIR: folder,
  });
  const store = createObjectStore(config);
  const uploads = new UploadRegistry(config, { logger });
  const steps = new BatchSteps(config, { logger });
  onTestFinished(async () => {
    await Promise.all([uploads.close(), steps.close(), store.close()]);
    await rm(folder, { recursive: true, force: true });
  });
  return { store, uploads, source: new BatchSource(store, steps, uploads) };
}

const codes = (items: readonly SourceItem[]) => items.map((item) => ("fault" in item ? item.fault.code : "taken"));

it("takes of a manifest only what its tenant may have analysed", async () => {
  const { store, uploads, source } = await open();
  const [own, foreign] = [await uploads.newId("acme"), await uploads.newId("umbrella")];
  const images = [
    { upload: own },
    { upload: foreign },
    { upload: "0".repeat(32) },
    { s3: { bucket: "photos", key: "a.jpg" } },
    { s3: { bucket: "archive", key: "a.jpg" } },
    { s3: { bucket: store.defaultBucket, key: `uploads/${foreign}` } },
    { url: "https://photos.example/a.jpg" },
  ];
  const lines = Buffer.from(images.map((image) => JSON.stringify(image)).join("\n"));
  await store.put(manifest.s3, lines, { maxBytes: 1e6 });
  const plan = { tenant: "acme", source: { manifest }, allowedBuckets: ["photos", store.defaultBucket] };
  const record = { plan, cursor: "", version: "" } as unknown as BatchRecord;
  const { items } = await source.read(record, 100);
  expect(codes(items)).toEqual([
    "taken",
    "upload_not_found",
    "upload_not_found",
    "taken",
    "bucket_forbidden",
    "bucket_forbidden",
    "taken",
  ]);
});

it("takes of a prefix nothing that the batch itself has written there", async () => {
  const { store, source } = await open();
  const place = { bucket: "photos", prefix: "in" };
  const mine = batchCopyRef(place, "b1", 0).key;
  for (const key of ["in/a.jpg", mine, batchCopyRef(place, "b2", 0).key, "in/c.jpg"]) {
    await store.put({ bucket: "photos", key }, Buffer.from("x"), { maxBytes: 1 });
  }
  const plan = { tenant: "acme", source: { prefix: { s3: place } }, output: { s3: place } };
  const { items } = await source.read({ id: "b1", plan, cursor: "" } as unknown as BatchRecord, 100);
  expect(codes(items)).toEqual(["taken", "taken", "taken"]);
  expect(JSON.stringify(items)).not.toContain(mine);
});
