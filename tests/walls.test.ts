import type { Batch, BatchLine, ImageRef, Job, Upload } from "@facefleet/contracts";
import { anyRoom, createLogger, createMetrics, EgressGuard, OriginCircuits } from "@facefleet/platform";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type ApiRig, startApi } from "../apps/api/test/api-rig.js";
import { analysis } from "../apps/api/test/canned-results.js";
import { pixels } from "../apps/api/test/form.js";
import { KeyHolder, KeysFile, keysOf } from "../apps/api/test/keys-file.js";
import { BatchWorker } from "../apps/worker/src/batches/batch-worker.js";
import { fetchImage } from "../apps/worker/src/images/fetch-image.js";
import { UploadCleanup } from "../apps/worker/src/jobs/upload-cleanup.js";
import { WorkerMetrics } from "../apps/worker/src/metrics.js";
import { keyAliases } from "../packages/platform/test/key-aliases.js";
import { type S3Server, startS3Server } from "../packages/platform/test/s3-server.js";
import { haveSeaweedfs, startSeaweedfs } from "../packages/platform/test/seaweedfs-server.js";
import { eventually } from "./support/eventually.js";

const logger = createLogger({ name: "test", level: "silent", format: "json" });
const alice = new KeyHolder("alice");
const bob = new KeyHolder("bob");
const secret = "of alice's face";
/** What only the service names so. */
const ownName = /^facefleet-own\/(uploads|batches)\/\w+-[0-9a-f]{32}(\/|$)/;

interface Home {
  readonly settings: Record<string, string>;
  stop(): Promise<void>;
}

const homes: Record<string, () => Promise<Home>> = {
  "a folder": async () => ({ settings: {}, stop: async () => undefined }),
  s3rver: async () => onS3(await startS3Server()),
  "s3rver, with a bucket of the service's own": async () => onS3(await startS3Server(), "of-the-service"),
  ...(haveSeaweedfs && { SeaweedFS: async () => onS3(await startSeaweedfs()) }),
};

async function onS3(server: S3Server, ownBucket?: string): Promise<Home> {
  if (ownBucket !== undefined) await server.createBucket(ownBucket);
  const settings = {
    S3_ENDPOINT: server.endpoint,
    S3_PUBLIC_ENDPOINT: server.endpoint,
    S3_BUCKET: server.bucket,
    S3_ACCESS_KEY_ID: server.accessKeyId,
    S3_SECRET_ACCESS_KEY: server.secretAccessKey,
    ...(ownBucket !== undefined && { S3_OWN_BUCKET: ownBucket }),
  };
  return { settings, stop: () => server.stop() };
}

describe.each(Object.keys(homes))("two tenants on %s", (name) => {
  let home: Home;
  let file: KeysFile;
  let api: ApiRig;
  let batchWorker: BatchWorker;
  /** What jobs were given to see. */
  let seen: string[];

  beforeAll(async () => {
    home = await homes[name]!();
    file = await KeysFile.create();
    await file.replace(keysOf(alice, bob));
    api = await startApi({ API_KEYS_FILE: file.path, ...home.settings });
    const { redis, store, own, jobs, uploads, results } = api;
    const sources = { store, own, egress: new EgressGuard(), hosts: new OriginCircuits({ concurrency: 4 }) };
    await api.startWorker(async ({ payload: { images, tenant } }) => {
      const image = await fetchImage(sources, images[0]!, { tenant, maxBytes: 1e6 });
      seen.push(String(image));
      return analysis([]);
    });
    const cleanup = new UploadCleanup(own, uploads, logger);
    const metrics = new WorkerMetrics(createMetrics());
    const storeWatch = { isAway: false, isOut: async () => false };
    const parts = { store, own, jobs, uploads, results, room: anyRoom, cleanup, storeWatch, metrics, logger };
    batchWorker = new BatchWorker(redis, parts);
    batchWorker.start();
  });
  afterAll(async () => {
    await batchWorker.stop();
    await api.close();
    await file.remove();
    await home.stop();
  });

  beforeEach(() => {
    seen = [];
  });

  const as = ({ headers }: KeyHolder, request: Parameters<ApiRig["inject"]>[0]) => api.inject({ ...request, headers });
  const post = (who: KeyHolder, url: string, payload: object) => as(who, { method: "POST", url, payload });

  /** An upload of alice's for which there is no job yet, and every name that somebody may think it has. */
  async function uploadOfAlice(): Promise<string[]> {
    const asked = { contentType: "image/jpeg", size: secret.length };
    const { id } = (await post(alice, "/v1/uploads", asked)).json<Upload>();
    await api.own.upload(id).put(Buffer.from(secret), { maxBytes: 1e6 });
    return namesOf([(await api.own.upload(id).ref()).key, `uploads/${id}`]);
  }

  const namesOf = (keys: readonly string[]) => keys.flatMap((key) => [key, ...keyAliases(key)]);
  const inBucket = (key: string): ImageRef => ({ s3: { bucket: api.store.defaultBucket, key } });

  async function endedBatch(request: object): Promise<BatchLine[] | undefined> {
    const answer = await post(bob, "/v1/batches", { task: "detect", ...request });
    if (answer.statusCode !== 202) {
      expect([400, 403], answer.body).toContain(answer.statusCode);
      return undefined;
    }
    const { id } = answer.json<Batch>();
    await eventually(
      async () => (await as(bob, { url: `/v1/batches/${id}` })).json<Batch>().finishedAt !== undefined,
      30_000,
    );
    const { body } = await as(bob, { url: `/v1/batches/${id}/results` });
    return body.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as BatchLine]));
  }

  it("bob's jobs see nothing of alice's uploads, whatever bob calls them", async () => {
    const tried = (await uploadOfAlice()).map(async (key) => {
      const answer = await post(bob, "/v1/jobs", { task: "detect", image: inBucket(key) });
      expect([202, 400, 403], answer.body).toContain(answer.statusCode);
      if (answer.statusCode === 202) await as(bob, { url: `/v1/jobs/${answer.json<Job>().id}?wait=10` });
    });
    await Promise.all(tried);
    expect(seen).toEqual([]);
  });

  it("bob's batches see nothing of them, by any item, manifest or prefix", async () => {
    const names = await uploadOfAlice();
    const manifest = names.map((key) => `${JSON.stringify(inBucket(key))}\n`).join("");
    const list = { bucket: api.store.defaultBucket, key: "lists/names.ndjson" };
    await api.store.put(list, Buffer.from(manifest), { maxBytes: 1e6 });
    const lines = await endedBatch({ manifest: { s3: list } });
    expect(lines?.filter(({ state }) => state === "succeeded")).toEqual([]);
    const folders = namesOf(["facefleet-own/uploads", "uploads"]);
    const prefixes = ["", "facefleet-", ...folders, ...folders.map((key) => `${key}/`)];
    const { defaultBucket } = api.store;
    await Promise.all(prefixes.map((prefix) => endedBatch({ prefix: { s3: { bucket: defaultBucket, prefix } } })));
    expect(seen.filter((text) => text !== manifest)).toEqual([]);
  });

  it("bob's manifests tell nothing of alice's results, and bob's results do not replace them", async () => {
    const id = `b${"1".repeat(32)}`;
    const part = api.own.batchPart(id, 0);
    await part.put(Buffer.from(secret), { maxBytes: 1e6 });
    const former = { bucket: api.store.defaultBucket, key: `batches/${id}/part-00000.ndjson` };
    await api.store.put(former, Buffer.from(secret), { maxBytes: 1e6 });
    await api.store.put({ bucket: api.store.defaultBucket, key: "bob/a.jpg" }, pixels, { maxBytes: 1e6 });
    const tried = namesOf([(await part.ref()).key, former.key]).map(async (key) => {
      const lines = await endedBatch({ manifest: inBucket(key) });
      expect(JSON.stringify(lines ?? [])).not.toContain(secret);
      const prefix = key.slice(0, key.search(/.part-00000/));
      await endedBatch({ items: [inBucket("bob/a.jpg")], output: { s3: { bucket: former.bucket, prefix } } });
    });
    await Promise.all(tried);
    expect(String(await part.get({ maxBytes: 1e6 }))).toBe(secret);
    for (const prefix of ["batches/", "facefleet-own/"]) {
      const { keys } = await api.store.list({ bucket: former.bucket, prefix }, { limit: 1000 });
      expect(keys.filter((key) => !key.includes(id) && !ownName.test(key))).toEqual([]);
    }
  });

  it("alice's own jobs see them", async () => {
    const asked = { contentType: "image/jpeg", size: secret.length };
    const upload = (await post(alice, "/v1/uploads", asked)).json<Upload>();
    await api.own.upload(upload.id).put(Buffer.from(secret), { maxBytes: 1e6 });
    const answer = await post(alice, "/v1/jobs", { task: "detect", image: { upload: upload.id } });
    await as(alice, { url: `/v1/jobs/${answer.json<Job>().id}?wait=10` });
    expect(seen).toEqual([secret]);
  });
});
