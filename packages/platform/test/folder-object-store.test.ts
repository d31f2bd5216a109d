import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createObjectStore, type ObjectStore } from "../src/object-store/index.js";
import { folderSettings } from "./store-settings.js";

describe("the folder store", () => {
  let directory: string;
  let store: ObjectStore;
  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "facefleet-folder-"));
    store = createObjectStore(folderSettings(directory));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const ref = (key: string) => ({ bucket: "local", key });

  it("leaves no part of a body that failed anywhere", async () => {
    const body = Readable.from([Buffer.alloc(50), Buffer.alloc(51)]);
    await expect(store.put(ref("a/b"), body, { maxBytes: 100 })).rejects.toMatchObject({ code: "image_too_large" });
    expect((await readdir(directory, { recursive: true })).sort()).toEqual([".incomplete", ".own", "local"]);
  });

  it("shows no part of a body that is still being written", async () => {
    const body = new Readable({ read() {} });
    const put = store.put(ref("slow"), body, { maxBytes: 100 });
    body.push(Buffer.from("first"));
    await expect.poll(() => readdir(path.join(directory, ".incomplete"))).toHaveLength(1);
    expect(await store.head(ref("slow"))).toBeUndefined();
    body.push(null);
    await put;
    expect(String(await store.get(ref("slow"), { maxBytes: 100 }))).toBe("first");
  });

  it("clears what a process that died left, but not what another is writing", async () => {
    const incomplete = path.join(directory, ".incomplete");
    await mkdir(incomplete);
    // What is written is as old as its last byte.
    const ages = { "a day": 24 * 60, "an hour and a bit": 61, "fifty minutes": 50, new: 0 };
    for (const [name, minutes] of Object.entries(ages)) {
      await writeFile(path.join(incomplete, name), "half a face");
      const written = Date.now() / 1000 - minutes * 60;
      await utimes(path.join(incomplete, name), written, written);
    }
    await store.ping();
    expect((await readdir(incomplete)).sort()).toEqual(["fifty minutes", "new"]);
  });

  it("leaves no empty folder of the service's own, and loses nothing that is put there meanwhile", async () => {
    const own = (key: string) => ({ bucket: ".own", key });
    const bytes = Buffer.from("x");
    const parts = Array.from({ length: 40 }, (_, part) => own(`batches/b1/part-${part}`));
    await Promise.all(
      parts.map(async (part) => {
        await store.put(part, bytes, { maxBytes: 1 });
        await store.delete(part);
        await store.put(part, bytes, { maxBytes: 1 });
      }),
    );
    const { keys } = await store.list({ bucket: ".own", prefix: "batches/" }, { limit: 100 });
    expect(keys).toHaveLength(40);
    await Promise.all(parts.map((part) => store.delete(part)));
    expect(await readdir(path.join(directory, ".own"), { recursive: true })).toEqual(["batches"]);
  });

  it("keeps the folders of callers", async () => {
    await store.put(ref("2026/a.jpg"), Buffer.from("x"), { maxBytes: 1 });
    await store.delete(ref("2026/a.jpg"));
    expect(await readdir(path.join(directory, "local"))).toEqual(["2026"]);
  });

  it("lets nobody but its own user read the images", async () => {
    await store.put(ref("uploads/x"), Buffer.from("face"), { maxBytes: 100 });
    expect((await stat(path.join(directory, "local/uploads/x"))).mode & 0o077).toBe(0);
  });

  it("takes every valid sub-folder for a bucket, and no other name", async () => {
    await mkdir(path.join(directory, "my-photos"));
    await writeFile(path.join(directory, "my-photos", "a.jpg"), "bytes");
    expect(String(await store.get({ bucket: "my-photos", key: "a.jpg" }, { maxBytes: 100 }))).toBe("bytes");
    expect(store.allows("my-photos")).toBe(true);
    for (const bucket of ["..", ".incomplete", "a/b", "", "UPPER", "x".repeat(64), ".OWN"]) {
      expect(store.allows(bucket)).toBe(false);
      await expect(store.get({ bucket, key: "a" }, { maxBytes: 1 })).rejects.toMatchObject({ code: "image_not_found" });
    }
  });

  it("finds no object in a folder, under a file, at an absolute path or in another version", async () => {
    await store.put(ref("folder/file"), Buffer.from("x"), { maxBytes: 10 });
    const absent = [
      ref("folder"),
      ref("folder/file/below"),
      ref("/etc/hostname"),
      ref("folder//file"),
      ref("x".repeat(300)),
    ];
    for (const missing of [...absent, { ...ref("folder/file"), versionId: "1" }]) {
      await expect(store.get(missing, { maxBytes: 10 })).rejects.toMatchObject({ code: "image_not_found" });
    }
  });

  it("lists in the order of bytes, also from the middle", async () => {
    const keys = ["list/a.jpg", "list/a/1.jpg", "list/a/2/x.jpg", "list/a0.jpg", "list/b/z.jpg", "list/b/ü.jpg"];
    for (const key of keys) await store.put(ref(key), Buffer.from("x"), { maxBytes: 10 });
    const place = { bucket: store.defaultBucket, prefix: "list/" };
    for (const [index, cursor] of keys.entries()) {
      expect((await store.list(place, { cursor, limit: 100 })).keys).toEqual(keys.slice(index + 1));
    }
  });

  it("has no direct uploads", async () => {
    const options = { contentType: "image/png", size: 1, expiresInSeconds: 60 };
    expect(await store.presignPut(ref("a"), options)).toBeUndefined();
  });

  it("says so when its folder cannot be used, and recovers", async () => {
    const blocked = path.join(directory, randomUUID());
    await writeFile(blocked, "a file where the folder should be");
    const broken = createObjectStore(folderSettings(blocked));
    await expect(broken.ping()).rejects.toMatchObject({ code: "store_unavailable" });
    const put = () => broken.put(ref("a"), Buffer.from("x"), { maxBytes: 10 });
    await expect(put()).rejects.toMatchObject({ code: "store_unavailable" });
    await rm(blocked);
    await expect(put()).resolves.toEqual({ size: 1 });
    await expect(broken.ping()).resolves.toBeUndefined();
    await rm(blocked, { recursive: true });
    await expect(broken.ping()).rejects.toMatchObject({ code: "store_unavailable" });
    await expect(broken.ping()).resolves.toBeUndefined();
  });
});
