import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import {
  type BatchRecord,
  BatchSteps,
  batchCopyRef,
  createLogger,
  createObjectStore,
  FleetRedis,
  OwnObjects,
  UploadRegistry,
} from "@facefleet/platform";
import { describe, expect, it, onTestFinished, vi } from "vitest";
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
  const redis = new FleetRedis(config, { logger });
  const uploads = new UploadRegistry(redis);
  const steps = new BatchSteps(redis);
  onTestFinished(async () => {
    await Promise.all([redis.close(), store.close()]);
    await rm(folder, { recursive: true, force: true });
  });
  const own = new OwnObjects(store, async () => "secret");
  return { store, own, steps, uploads, source: new BatchSource({ store, own, steps, uploads }) };
}

/** A source whose batch has a manifest of these bytes, as it is before anything was read. */
async function openManifest(bytes: Buffer) {
  const opened = await open();
  await opened.store.put(manifest.s3, bytes, { maxBytes: 1e9 });
  const plan = { tenant: "acme", source: { manifest } };
  const record = { id: "b1", state: "queued", plan, cursor: "", version: "" } as unknown as BatchRecord;
  return { ...opened, record };
}

const line = '{"s3":{"bucket":"photos","key":"a.jpg"}}\n';

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

describe("a manifest", () => {
  it.each([
    ["an array", Buffer.from(`[${line},${line}]`), "a JSON array"],
    ["an array over lines", Buffer.from(`\uFEFF\n[\n${line},${line}]`), "a JSON array"],
    ["CSV", Buffer.from("bucket,key\nphotos,a.jpg\n"), 'first 2. Line 1: .*"bucket,key"'],
    ["other JSON", Buffer.from('{"file":"a.jpg"}\n'.repeat(2000)), "first 100. Line 1: "],
    ["UTF-16", Buffer.from(`\uFEFF${line}`, "utf16le"), "text in UTF-16"],
    ["UTF-16 without a mark", Buffer.from(line, "utf16le"), "no text in UTF-8"],
    ["an archive", Buffer.from("504b0304140000000800", "hex"), "no text in UTF-8"],
    ["Latin-1", Buffer.from('{"s3":{"bucket":"photos","key":"\u00fc.jpg"}}', "latin1"), "first 1. Line 1: "],
    ["gzip of CSV", gzipSync("bucket,key\nphotos,a.jpg\n"), 'first 2. Line 1: .*"bucket,key"'],
    ["half a gzip", gzipSync(line.repeat(1000)).subarray(0, 60), "unexpected end of file"],
    ["no gzip", Buffer.concat([Buffer.from("1f8b", "hex"), Buffer.from(line)]), "received gzip that cannot"],
  ])("that is %s is refused at once, and says what came", async (_, bytes, received) => {
    const { source, record } = await openManifest(bytes);
    const refused = source.read(record, 100);
    await expect(refused).rejects.toMatchObject({
      code: "batch_source_invalid",
      detail: expect.stringMatching(received),
    });
  });

  it("that cannot be told from its first lines has those fail alone that are none", async () => {
    const latin = Buffer.from('{"s3":{"bucket":"photos","key":"\u00fc.jpg"}}\n', "latin1");
    const { source, record } = await openManifest(
      Buffer.concat([latin, Buffer.from("bucket,key\n"), Buffer.from(line)]),
    );
    const counted = await source.read(record, 100);
    expect(codes(counted.items)).toEqual(["invalid_request", "invalid_request", "taken"]);
    const again = await source.read({ ...record, state: "active", version: counted.version }, 1);
    expect(codes(again.items)).toEqual(["invalid_request"]);
  });

  it("costs one read for each piece of it, however many of its lines are blank", async () => {
    const { store, source, record } = await openManifest(Buffer.from(`${line}${"\r\n".repeat(20_000)}${line}`));
    const reads = vi.spyOn(store, "getPart");
    const first = await source.read({ ...record, state: "active" }, 1);
    const second = await source.read({ ...record, state: "active", cursor: first.cursor }, 1);
    expect([codes(first.items), codes(second.items)]).toEqual([["taken"], ["taken"]]);
    expect(reads).toHaveBeenCalledTimes(2);
  });

  it("in gzip is read on where it was unpacked, also by another worker", async () => {
    const lines = Array.from({ length: 300 }, (_, index) => ({ s3: { bucket: "photos", key: `${index}.jpg` } }));
    const bytes = gzipSync(lines.map((image) => JSON.stringify(image)).join("\n"));
    const { store, own, steps, uploads, source, record } = await openManifest(bytes);
    const first = await source.read(record, 100);
    await store.delete(manifest.s3);
    const other = new BatchSource({ store, own, steps, uploads });
    const rest = await other.read({ ...record, cursor: first.cursor, version: first.version }, 1000);
    expect([...first.items, ...rest.items].map((item) => "image" in item && item.image)).toEqual(lines);
    expect(rest.isLast).toBe(true);
    await other.release(record);
    expect(await own.batchManifest(record.id).head()).toBeUndefined();
  });
});

it("has an item that fails for a key that the store's list does not tell", async () => {
  const { store, source, record } = await openManifest(Buffer.from(line));
  vi.spyOn(store, "list").mockResolvedValue({ keys: ["in/a.jpg"], unreadable: ["in/%E9.jpg"] });
  const plan = { ...record.plan, source: { prefix: { s3: { bucket: "photos", prefix: "in/" } } } };
  const { items } = await source.read({ ...record, plan }, 100);
  expect(codes(items)).toEqual(["taken", "image_not_found"]);
});
