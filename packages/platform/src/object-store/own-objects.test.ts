import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProblemError } from "@facefleet/contracts";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { FolderObjectStore } from "./folder-object-store.js";
import type { ObjectRef, ObjectStore } from "./object-store.js";
import { type OwnObject, OwnObjects, ownNameOf, resultRef } from "./own-objects.js";

const maxBytes = 100;
const id = "0".repeat(32);
let store: FolderObjectStore;
let own: OwnObjects;

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), "facefleet-own-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  store = new FolderObjectStore(folder);
  own = new OwnObjects(store, async () => "secret");
});

it("have names that nobody can tell without the secret", async () => {
  const others = new OwnObjects(store, async () => "another");
  for (const name of ["upload", "batchPart"] as const) {
    const [mine, theirs] = await Promise.all([own[name](id, 0).ref(), others[name](id, 0).ref()]);
    expect(mine.key).toContain(id);
    expect(mine.key).not.toBe(theirs.key);
    expect(mine).toEqual(await own[name](id, 0).ref());
    expect(store.allows(mine.bucket)).toBe(false);
  }
});

it("are kept, read and deleted", async () => {
  for (const object of [own.upload(id), own.batchPart("b1", 3)]) {
    await object.put(Buffer.from("face"), { maxBytes });
    expect(String(await object.get({ maxBytes }))).toBe("face");
    expect(String((await object.getPart({ offset: 1, length: 2 })).bytes)).toBe("ac");
    expect(await object.head()).toMatchObject({ size: 4 });
    await object.delete();
    expect(await object.head()).toBeUndefined();
    await expect(object.get({ maxBytes })).rejects.toMatchObject({ code: "image_not_found" });
  }
});

it("are found where an older version has put them, and deleted there", async () => {
  const former = [
    [own.upload(id), `uploads/${id}`],
    [own.batchPart("b1", 3), "batches/b1/part-00003.ndjson"],
  ] as const;
  for (const [object, key] of former) {
    const ref = { bucket: store.defaultBucket, key };
    await store.put(ref, Buffer.from("old"), { maxBytes });
    expect(String(await object.get({ maxBytes }))).toBe("old");
    expect(String((await object.getPart({ offset: 0, length: 3 })).bytes)).toBe("old");
    expect(await object.head()).toMatchObject({ size: 3 });
    await object.delete();
    expect(await store.head(ref)).toBeUndefined();
  }
});

it("are kept and deleted where the service may do nothing in the bucket that callers name", async () => {
  const forbidden = async () => {
    throw new ProblemError("bucket_forbidden");
  };
  const only = (of: "put" | "get" | "getPart" | "head" | "delete") => ({
    value: (ref: ObjectRef, ...rest: never[]) =>
      ref.bucket === store.defaultBucket
        ? forbidden()
        : (store[of] as (...args: unknown[]) => unknown).call(store, ref, ...rest),
  });
  const strict: ObjectStore = Object.create(store, {
    put: only("put"),
    get: only("get"),
    getPart: only("getPart"),
    head: only("head"),
    delete: only("delete"),
  });
  const object = new OwnObjects(strict, async () => "secret").upload(id);
  await expect(object.get({ maxBytes })).rejects.toMatchObject({ code: "image_not_found" });
  await object.put(Buffer.from("face"), { maxBytes });
  expect(String(await object.get({ maxBytes }))).toBe("face");
  await object.delete();
  expect(await object.head()).toBeUndefined();
});

it("are known by their keys, and nothing else is", async () => {
  const named = async (object: OwnObject) => ownNameOf(store.ownPlace, (await object.ref()).key);
  expect(await named(own.upload(id))).toEqual({ kind: "upload", id });
  expect(await named(own.batchPart(`b${id}`, 7))).toEqual({ kind: "batch", id: `b${id}` });
  expect(await named(own.batchManifest(`b${id}`))).toEqual({ kind: "batch", id: `b${id}` });
  expect(ownNameOf(store.ownPlace, resultRef(store, id).key)).toEqual({ kind: "result", id });
  const below = { bucket: "photos", prefix: "own/" };
  expect(ownNameOf(below, `own/results/${id}`)).toEqual({ kind: "result", id });
  for (const key of [`own/results/${id}.jpg`, "own/uploads/a.jpg", `own/other/results/${id}`, `results/${id}`]) {
    expect(ownNameOf(below, key)).toBeUndefined();
  }
});
