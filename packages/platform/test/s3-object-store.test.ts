import { randomBytes } from "node:crypto";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { ProblemError } from "@facefleet/contracts";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createObjectStore, isStoreOutage, type ObjectStore } from "../src/object-store/index.js";
import { type S3Server, startS3Server } from "./s3-server.js";
import { s3Settings } from "./store-settings.js";

const maxBytes = 1 << 20;

describe("direct uploads to S3", () => {
  let server: S3Server;
  let store: ObjectStore;
  beforeAll(async () => {
    server = await startS3Server();
    store = createObjectStore(s3Settings(server));
  });
  afterAll(async () => {
    await store.close();
    await server.stop();
  });

  const presign = async (key: string) => {
    const ref = { bucket: server.bucket, key };
    const options = { contentType: "image/png", size: 100, expiresInSeconds: 60 };
    const presigned = await store.presignPut(ref, options);
    if (!presigned) throw new Error("Expected a presigned request but received none");
    return { ref, presigned };
  };

  it("take exactly what was declared", async () => {
    const { ref, presigned } = await presign("presigned/right");
    const body = randomBytes(100);
    const answer = await fetch(presigned.url, { method: presigned.method, headers: presigned.headers, body });
    expect(answer.status).toBe(200);
    expect(await store.get(ref, { maxBytes })).toEqual(body);
    expect(await store.head(ref)).toMatchObject({ size: 100, contentType: "image/png" });
  });

  it.each([
    ["another size", { "content-type": "image/png" }, 101],
    ["fewer bytes", { "content-type": "image/png" }, 99],
    ["another type", { "content-type": "text/html" }, 100],
  ])("refuse %s", async (_, headers, size) => {
    const { ref, presigned } = await presign("presigned/wrong");
    const answer = await fetch(presigned.url, { method: "PUT", headers, body: randomBytes(size) });
    expect(answer.status).toBe(403);
    expect(await store.head(ref)).toBeUndefined();
  });

  it("refuse another key", async () => {
    const { presigned } = await presign("presigned/mine");
    const url = presigned.url.replace("presigned/mine", "presigned/yours");
    const answer = await fetch(url, { method: "PUT", headers: presigned.headers, body: randomBytes(100) });
    expect(answer.status).toBe(403);
  });

  it("sign the type, the length and the host, and expire", async () => {
    const { presigned } = await presign("presigned/a");
    expect(new URL(presigned.url).searchParams.get("X-Amz-Expires")).toBe("60");
    expect(new URL(presigned.url).searchParams.get("X-Amz-SignedHeaders")).toBe("content-length;content-type;host");
  });

  it("wrong credentials are the operator's fault, not the caller's", async () => {
    const wrong = createObjectStore(s3Settings(server, { S3_SECRET_ACCESS_KEY: "wrong" }));
    const ref = { bucket: server.bucket, key: "a" };
    await expect(wrong.get(ref, { maxBytes })).rejects.toMatchObject({ code: "store_unavailable" });
    await expect(wrong.ping()).rejects.toMatchObject({ code: "store_unavailable" });
    await wrong.close();
  });

  it("a bucket that does not exist is not ready", async () => {
    const store = createObjectStore(s3Settings(server, { S3_BUCKET: "never-made" }));
    await expect(store.ping()).rejects.toMatchObject({ code: "store_unavailable" });
    const put = store.put({ bucket: "never-made", key: "a" }, Buffer.from("x"), { maxBytes });
    await expect(put).rejects.toMatchObject({ code: "store_unavailable" });
    await store.close();
  });
});

describe("an S3 server in trouble", () => {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  const storeAt = (endpoint: string): ObjectStore => {
    const store = createObjectStore(
      s3Settings({ endpoint, accessKeyId: "id", secretAccessKey: "key", bucket: "photos" }),
    );
    ends.push(() => store.close());
    return store;
  };

  /** A server that answers every request in the same way; S3's documented error bodies, broken sockets. */
  const answering = async (listener: RequestListener): Promise<ObjectStore> => {
    const server = createServer(listener);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ends.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return storeAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  };

  const refusing = (status: number, name: string): Promise<ObjectStore> =>
    answering((request, response) => {
      request.resume();
      response.writeHead(status, { "content-type": "application/xml" });
      response.end(`<?xml version="1.0"?><Error><Code>${name}</Code><Message>No.</Message></Error>`);
    });

  const ref = { bucket: "photos", key: "a.jpg" };
  const get = (store: ObjectStore) => store.get(ref, { maxBytes });

  it("that is not there is unavailable within seconds", async () => {
    const store = storeAt("http://127.0.0.1:1");
    const started = Date.now();
    const put = store.put(ref, Buffer.from("x"), { maxBytes });
    const unavailable = { code: "store_unavailable", cause: expect.any(Error) };
    const asked = [get(store), store.ping(), put, store.head(ref), store.delete(ref)];
    await Promise.all(asked.map((answer) => expect(answer).rejects.toMatchObject(unavailable)));
    expect(isStoreOutage(await get(store).catch((reason: unknown) => reason))).toBe(true);
    expect(Date.now() - started).toBeLessThan(5000);
  });

  it("that never answers, or falls silent in the middle of an object, is unavailable within seconds", async () => {
    const silent = await answering(() => {});
    const halting = await answering((_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half");
    });
    const started = Date.now();
    const asked = [silent.ping(), get(silent), get(halting)];
    await Promise.all(asked.map((answer) => expect(answer).rejects.toMatchObject({ code: "store_unavailable" })));
    expect(Date.now() - started).toBeLessThan(15_000);
  });

  it("that breaks off in the middle of an object is unavailable", async () => {
    const store = await answering((_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("half", () => response.destroy());
    });
    await expect(get(store)).rejects.toMatchObject({ code: "store_unavailable" });
  });

  it.each([
    [403, "AccessDenied", "bucket_forbidden"],
    [403, "InvalidAccessKeyId", "store_unavailable"],
    [404, "NoSuchKey", "image_not_found"],
    [404, "NoSuchBucket", "image_not_found"],
    [404, "NoSuchVersion", "image_not_found"],
    [429, "TooManyRequests", "store_unavailable"],
    [500, "InternalError", "store_unavailable"],
    [503, "SlowDown", "store_unavailable"],
    [400, "InvalidArgument", "store_unavailable"],
  ])("that answers %i %s makes it %s", async (status, name, code) => {
    await expect(get(await refusing(status, name))).rejects.toMatchObject({ code });
  });

  it("that is behind a proxy which knows no such address, or takes no such request, is asked for something else", async () => {
    const html = (status: number) =>
      answering((_, response) => {
        response.writeHead(status, { "content-type": "text/html" });
        response.end("<!doctype html><html><title>No</title><p>No.");
      });
    await expect(get(await html(404))).rejects.toMatchObject({ code: "image_not_found" });
    const error: unknown = await get(await html(414)).catch((reason: unknown) => reason);
    expect([isStoreOutage(error), (error as ProblemError).code]).toEqual([false, "store_unavailable"]);
  });

  it.each([
    [503, "SlowDown", true],
    [500, "InternalError", true],
    [429, "TooManyRequests", true],
    [403, "InvalidAccessKeyId", true],
    [403, "AccessDenied", false],
    [404, "NoSuchKey", false],
    [400, "KMS.DisabledException", false],
  ])("that answers %i %s is in no state to serve: %s", async (status, name, isOutage) => {
    const error: unknown = await get(await refusing(status, name)).catch((reason: unknown) => reason);
    expect(isStoreOutage(error)).toBe(isOutage);
    const told = new ProblemError((error as ProblemError).code, "In image 1 of 2", { cause: error });
    expect(isStoreOutage(told)).toBe(isOutage);
  });

  it.each([
    [400, "InvalidArgument", "image_not_found"],
    [405, "MethodNotAllowed", "image_not_found"],
    [400, "ExpiredToken", "store_unavailable"],
  ])("that answers %i %s to a version makes it %s", async (status, name, code) => {
    const store = await refusing(status, name);
    await expect(store.get({ ...ref, versionId: "1" }, { maxBytes })).rejects.toMatchObject({ code });
  });

  it("does not download an object that is too large", async () => {
    let sent = 0;
    const store = await answering((_, response) => {
      response.writeHead(200, { "content-length": String(500 << 20) });
      const chunk = Buffer.alloc(1 << 16);
      const more = () => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
      };
      response.on("drain", more);
      more();
    });
    await expect(get(store)).rejects.toMatchObject({ code: "image_too_large" });
    expect(sent).toBeLessThan(50 << 20);
  });

  it("does not keep more than the limit of an object of unknown length", async () => {
    const store = await answering((_, response) => {
      const chunk = Buffer.alloc(1 << 16);
      const more = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on("drain", more);
      more();
    });
    await expect(get(store)).rejects.toMatchObject({ code: "image_too_large" });
  });
});
