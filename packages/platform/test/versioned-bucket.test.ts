import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, request as forward } from "node:http";
import type { AddressInfo } from "node:net";
import {
  CreateBucketCommand,
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectLegalHoldCommand,
  PutObjectLockConfigurationCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createObjectStore, type ObjectStore, OwnObjects } from "../src/object-store/index.js";
import { haveMoto, startMoto } from "./moto-server.js";
import type { S3Server } from "./s3-server.js";
import { haveSeaweedfs, startSeaweedfs } from "./seaweedfs-server.js";
import { s3Settings } from "./store-settings.js";
import { bucketVersions, clientOf, keepVersions } from "./versions.js";

const maxBytes = 1 << 20;
const servers = { ...(haveMoto && { moto: startMoto }), ...(haveSeaweedfs && { SeaweedFS: startSeaweedfs }) };

describe.each(Object.entries(servers))("a bucket that keeps versions, on %s", (name, start) => {
  let server: S3Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server.stop());

  /** A bucket of the service's own. */
  async function open(): Promise<{ store: ObjectStore; own: OwnObjects; bucket: string }> {
    const bucket = `own-${randomBytes(6).toString("hex")}`;
    await server.createBucket(bucket);
    const store = createObjectStore(s3Settings(server, { S3_OWN_BUCKET: bucket }));
    return { store, own: new OwnObjects(store, async () => "secret"), bucket };
  }

  it.each(["was seen at the start", "was switched on later"])(
    "has nothing left of what is deleted: it %s",
    async (when) => {
      const { store, own, bucket } = await open();
      await keepVersions(server, bucket);
      if (when === "was seen at the start") await store.notices();
      const [deleted, kept] = [own.upload("a".repeat(32)), own.upload("b".repeat(32))];
      const parts = [0, 1].map((part) => own.batchPart("b1", part));
      for (const object of [deleted, deleted, ...parts, kept]) await object.put(Buffer.from("face"), { maxBytes });
      for (const object of [deleted, ...parts]) await object.delete();
      await deleted.delete();
      expect(await bucketVersions(server, bucket)).toEqual([{ key: (await kept.ref()).key, isMarker: false }]);
      expect(String(await kept.get({ maxBytes }))).toBe("face");
      await expect(deleted.get({ maxBytes })).rejects.toMatchObject({ code: "image_not_found" });
      await kept.delete();
      expect(await bucketVersions(server, bucket)).toEqual([]);
    },
  );

  it("has nothing left of what was deleted before, and put again while versions were kept no more", async () => {
    const { store, own, bucket } = await open();
    await keepVersions(server, bucket);
    const upload = own.upload("a".repeat(32));
    await upload.put(Buffer.from("face"), { maxBytes });
    await keepVersions(server, bucket, false);
    await upload.put(Buffer.from("face"), { maxBytes });
    await store.notices();
    await upload.delete();
    expect((await bucketVersions(server, bucket)).filter(({ isMarker }) => !isMarker)).toEqual([]);
  });

  it.skipIf(name === "moto")("has nothing left of an object with more versions than one list has", async () => {
    const { own, bucket } = await open();
    await keepVersions(server, bucket);
    const upload = own.upload("a".repeat(32));
    const put = () => upload.put(Buffer.from("x"), { maxBytes });
    for (let round = 0; round < 21; round += 1) await Promise.all(Array.from({ length: 50 }, put));
    await upload.delete();
    expect(await bucketVersions(server, bucket)).toEqual([]);
  });

  it("is told of at the start; one that keeps none is not", async () => {
    const { store, bucket } = await open();
    expect(await store.notices()).toEqual([]);
    await keepVersions(server, bucket);
    expect(await store.notices()).toEqual([expect.stringMatching(`^The bucket ${bucket} .*keeps versions`)]);
  });
});

describe.skipIf(!haveMoto)("an object whose versions may not be deleted", () => {
  let server: S3Server;
  beforeAll(async () => {
    server = await startMoto();
  });
  afterAll(() => server.stop());

  /** Tries again, as a sweep does, and finds one version, and one marker that hides it. */
  async function expectHidden(endpoint: string, Bucket: string, prepare?: (key: string) => Promise<unknown>) {
    const store = createObjectStore(s3Settings({ ...server, endpoint }, { S3_BUCKET: Bucket }));
    await store.notices();
    const upload = new OwnObjects(store, async () => "secret").upload("a".repeat(32));
    await upload.put(Buffer.from("face"), { maxBytes });
    await prepare?.((await upload.ref()).key);
    for (let time = 0; time < 3; time += 1) {
      const refused = { code: "store_unavailable", cause: { name: "AccessDenied" } };
      await expect(upload.delete()).rejects.toMatchObject(refused);
      expect(await upload.head()).toBeUndefined();
    }
    expect((await bucketVersions(server, Bucket)).map(({ isMarker }) => isMarker)).toEqual([false, true]);
    return upload;
  }

  it("is hidden while it is held, and not said to be deleted", async () => {
    const client = clientOf(server);
    const Bucket = "held";
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    const hold = (Key: string) =>
      client.send(new PutObjectLegalHoldCommand({ Bucket, Key, LegalHold: { Status: "ON" } }));
    await expectHidden(server.endpoint, Bucket, hold);
  });

  it("is hidden where they may not be listed, and deleted once they may", async () => {
    const Bucket = "unlisted";
    await server.createBucket(Bucket);
    await keepVersions(server, Bucket);
    const gate = await startGate(server.endpoint);
    onTestFinished(() => gate.stop());
    const upload = await expectHidden(gate.endpoint, Bucket);
    gate.open();
    await upload.delete();
    expect(await bucketVersions(server, Bucket)).toEqual([]);
  });
});

/** A way to a server on which lists of versions are forbidden until it is opened. */
async function startGate(endpoint: string) {
  let isOpen = false;
  const gate = createServer((request, response) => {
    if (!isOpen && /[?&]versions\b/.test(request.url ?? "")) {
      response.writeHead(403, { "content-type": "application/xml" });
      return response.end("<Error><Code>AccessDenied</Code><Message>No.</Message></Error>");
    }
    const { method, url, headers } = request;
    const onward = forward(`${endpoint}${url}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    return request.pipe(onward);
  });
  await once(gate.listen(0, "127.0.0.1"), "listening");
  return {
    endpoint: `http://127.0.0.1:${(gate.address() as AddressInfo).port}`,
    open: () => {
      isOpen = true;
    },
    stop: () => {
      gate.closeAllConnections();
      gate.close();
    },
  };
}

describe.skipIf(!haveMoto)("what is told of a bucket at the start", () => {
  let server: S3Server;
  let client: S3Client;
  beforeAll(async () => {
    server = await startMoto();
    client = clientOf(server);
  });
  afterAll(() => server.stop());

  const noticesOf = (S3_BUCKET: string) => createObjectStore(s3Settings(server, { S3_BUCKET })).notices();

  it("is that it locks what is stored", async () => {
    const Bucket = "locked";
    await client.send(new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true }));
    const Rule = { DefaultRetention: { Mode: "COMPLIANCE" as const, Days: 30 } };
    const ObjectLockConfiguration = { ObjectLockEnabled: "Enabled" as const, Rule };
    await client.send(new PutObjectLockConfigurationCommand({ Bucket, ObjectLockConfiguration }));
    expect(await noticesOf(Bucket)).toEqual([
      expect.stringContaining("keeps versions"),
      expect.stringContaining("locks what is stored for 30 days"),
    ]);
  });

  it("is that a rule deletes what is still needed", async () => {
    const Bucket = "short-lived";
    await server.createBucket(Bucket);
    const rule = (Prefix: string, Days: number) => ({
      ...{ ID: `${Prefix}${Days}`, Status: "Enabled" as const, Filter: { Prefix }, Expiration: { Days } },
    });
    const configure = (...Rules: ReturnType<typeof rule>[]) =>
      client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules } }));
    await configure(rule("", 30), rule("photos/", 1));
    expect(await noticesOf(Bucket)).toEqual([]);
    await configure(rule("", 30), rule("facefleet-own/", 2));
    expect(await noticesOf(Bucket)).toEqual([expect.stringContaining("deletes what is older than 2 days")]);
  });

  it("is none of the rules that the runbook has", async () => {
    const Bucket = "as-documented";
    await server.createBucket(Bucket);
    const runbook = await readFile(new URL("../../../docs/runbook.md", import.meta.url), "utf8");
    const LifecycleConfiguration = JSON.parse(/```json\n(\s*\{\s*"Rules".*?)```/s.exec(runbook)?.[1] ?? "");
    await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration }));
    const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
    expect(Rules).toMatchObject(LifecycleConfiguration.Rules);
    expect(await noticesOf(Bucket)).toEqual([]);
  });
});
