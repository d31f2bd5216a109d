import { randomBytes } from "node:crypto";
import { defaultTenant, JobOptions, ProblemError } from "@facefleet/contracts";
import {
  Batches,
  createObjectStore,
  FaceJobs,
  itemEnds,
  type ObjectRef,
  type ObjectStore,
  Orphans,
  OwnObjects,
  resultRef,
  UploadRegistry,
} from "@facefleet/platform";
import { Redis } from "ioredis";
import { Value } from "typebox/value";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { haveMoto, startMoto } from "../../../packages/platform/test/moto-server.js";
import { type S3Server, startS3Server } from "../../../packages/platform/test/s3-server.js";
import { haveSeaweedfs, startSeaweedfs } from "../../../packages/platform/test/seaweedfs-server.js";
import { OrphanSweep } from "../src/jobs/orphan-sweep.js";
import { isolatedFleet, payload, quiet } from "./environment.js";

/** So that all there is counts as old, whatever the clock of its store. */
const all = -3_600_000;
const newId = () => randomBytes(16).toString("hex");

async function open(settings: Record<string, string>) {
  const fleet = await isolatedFleet(settings);
  const { config } = fleet;
  const logger = quiet;
  const store = createObjectStore(config);
  const jobs = new FaceJobs(fleet.redis, { items: itemEnds, logger, store });
  const batches = new Batches(fleet.redis, { logger, store });
  const uploads = new UploadRegistry(fleet.redis);
  const orphans = new Orphans(fleet.redis);
  const redis = new Redis(config.REDIS_URL);
  const own = new OwnObjects(store, () => uploads.secret());
  onTestFinished(async () => {
    await store.close();
    await fleet.remove();
    redis.disconnect();
  });
  const { QUEUE_PREFIX: prefix } = config;
  const sweep = (oldestMs?: number) =>
    new OrphanSweep({ store, orphans, logger, ...(oldestMs !== undefined && { oldestMs }) });
  return { store, jobs, batches, uploads, orphans, redis, own, prefix, sweep };
}

type Opened = Awaited<ReturnType<typeof open>>;

async function put(store: ObjectStore, ref: ObjectRef): Promise<ObjectRef> {
  await store.put(ref, Buffer.from("x"), { maxBytes: 1 });
  return ref;
}

/** One of each kind that somebody knows. */
async function knownObjects({ store, own, uploads, jobs, batches, redis, prefix }: Opened): Promise<ObjectRef[]> {
  const claim = { tenant: defaultTenant, bytes: 1 };
  const [waiting, held, doomed] = [newId(), newId(), newId()];
  for (const id of [waiting, held, doomed]) await uploads.announce(id, claim);
  await jobs.submit(payload("detect", [{ upload: held }]), { priority: "normal" });
  await uploads.giveUp(doomed);
  const plan = {
    tenant: defaultTenant,
    task: "detect" as const,
    options: Value.Create(JobOptions),
    priority: "low" as const,
    source: { items: 1 },
    resultTtlSeconds: 60,
  };
  const { batch } = await batches.submit(plan, { items: [{ s3: { bucket: "photos", key: "a.jpg" } }] });
  const result = newId();
  await redis.zadd(`${prefix}:results`, "+inf", result);
  const named = [waiting, held, doomed].map((id) => own.upload(id));
  const refs = await Promise.all(
    [...named, own.batchPart(batch.id, 0), own.batchManifest(batch.id)].map((o) => o.ref()),
  );
  return Promise.all([...refs, resultRef(store, result)].map((ref) => put(store, ref)));
}

async function unknownObjects({ store, own }: Opened): Promise<ObjectRef[]> {
  const objects = [own.upload(newId()), own.batchPart(`b${newId()}`, 0), own.batchManifest(`b${newId()}`)];
  const refs = await Promise.all(objects.map((object) => object.ref()));
  return Promise.all([...refs, resultRef(store, newId())].map((ref) => put(store, ref)));
}

const those = async (store: ObjectStore, refs: readonly ObjectRef[]) => {
  const heads = await Promise.all(refs.map((ref) => store.head(ref)));
  return heads.filter((head) => head !== undefined).length;
};

const servers = {
  "a folder": undefined,
  s3rver: startS3Server,
  ...(haveMoto && { moto: startMoto }),
  ...(haveSeaweedfs && { SeaweedFS: startSeaweedfs }),
};

describe.each(Object.entries(servers))("what nobody knows, in %s,", (_, start) => {
  let server: S3Server | undefined;
  let opened: Opened;
  beforeAll(async () => {
    server = await start?.();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    const s3 = server && {
      S3_ENDPOINT: server.endpoint,
      S3_BUCKET: server.bucket,
      S3_ACCESS_KEY_ID: server.accessKeyId,
      S3_SECRET_ACCESS_KEY: server.secretAccessKey,
    };
    opened = await open(s3 ?? {});
  });

  it("is deleted once it is older than anything could be, and nothing else", async () => {
    const { store, sweep } = opened;
    const [known, unknown] = [await knownObjects(opened), await unknownObjects(opened)];
    const stranger = await put(store, { ...store.ownPlace, key: `${store.ownPlace.prefix}uploads/readme.txt` });
    await sweep(all).sweep();
    expect([await those(store, known), await those(store, unknown), await those(store, [stranger])]).toEqual([6, 0, 1]);
    await store.delete(stranger);
  });

  it("stays while it is younger", async () => {
    const { store, sweep } = opened;
    const unknown = await unknownObjects(opened);
    await sweep().sweep();
    expect(await those(store, unknown)).toBe(unknown.length);
  });

  it("is all there was when Redis has lost everything", async () => {
    const { store, sweep, redis, prefix } = opened;
    const known = await knownObjects(opened);
    await redis.del(...(await redis.keys(`${prefix}*`)));
    await sweep(all).sweep();
    expect(await those(store, known)).toBe(0);
  });
});

describe("the sweep", () => {
  it("is one worker's turn at a time, page by page, and then no more until the next day", async () => {
    const opened = await open({});
    const { store, orphans, sweep } = opened;
    const page = (cursor?: string) => ({ keys: [], ...(cursor !== undefined && { cursor }) });
    const list = vi.spyOn(store, "list");
    list.mockImplementationOnce(async () => {
      expect(await orphans.takeTurn()).toBeUndefined();
      return page("next");
    });
    list.mockResolvedValueOnce(page());
    for (let count = 0; count < 3; count += 1) await sweep(all).sweep();
    expect(list.mock.calls.map(([, { cursor }]) => cursor)).toEqual([undefined, "next"]);
  });

  it("goes on where it was when the store is away, and begins anew where a page cannot be had", async () => {
    const { store, orphans, redis, prefix, sweep } = await open({});
    await orphans.endTurn("middle", 0);
    const due = () => redis.hset(`${prefix}:orphan-turns`, "due", 0);
    const list = vi.spyOn(store, "list");
    list.mockRejectedValueOnce(new ProblemError("store_unavailable"));
    list.mockRejectedValueOnce(new ProblemError("bucket_forbidden"));
    list.mockResolvedValueOnce({ keys: [] });
    for (let count = 0; count < 3; count += 1) {
      await sweep(all).sweep();
      await due();
    }
    expect(list.mock.calls.map(([, { cursor }]) => cursor)).toEqual(["middle", "middle", undefined]);
  });
});
