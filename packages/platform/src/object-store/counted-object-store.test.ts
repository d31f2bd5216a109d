import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CountedObjectStore, type StoreOperation } from "./counted-object-store.js";
import { FolderObjectStore } from "./folder-object-store.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "facefleet-counted-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function open(directory: string) {
  const failed: StoreOperation[] = [];
  const answered: StoreOperation[] = [];
  const store = new CountedObjectStore(new FolderObjectStore(directory), {
    failed: (operation) => failed.push(operation),
    answered: (operation) => answered.push(operation),
  });
  return { store, failed, answered };
}

const ref = { bucket: "local", key: "a.jpg" };

describe("a store that counts", () => {
  it("does what the store does, and tells of nothing that is the caller's", async () => {
    const { store, failed, answered } = open(folder);
    expect([store.kind, store.defaultBucket, store.allows("photos")]).toEqual(["folder", "local", true]);
    await store.put(ref, Buffer.from("abc"), { maxBytes: 3 });
    expect(String(await store.get(ref, { maxBytes: 3 }))).toBe("abc");
    expect(String((await store.getPart(ref, { offset: 1, length: 1 })).bytes)).toBe("b");
    expect((await store.head(ref))?.size).toBe(3);
    expect((await store.list({ bucket: "local", prefix: "" }, { limit: 10 })).keys).toEqual(["a.jpg"]);
    await store.ping();
    await store.delete(ref);
    const code = (code: string) => expect.objectContaining({ code });
    await expect(store.get(ref, { maxBytes: 3 })).rejects.toEqual(code("image_not_found"));
    await expect(store.put(ref, Buffer.from("abcd"), { maxBytes: 3 })).rejects.toEqual(code("image_too_large"));
    await expect(store.get(ref, { maxBytes: 3, signal: AbortSignal.abort("gone") })).rejects.toBe("gone");
    expect(failed).toEqual([]);
    // What its caller gave up says nothing of the store.
    expect(answered).toEqual(["put", "get", "getPart", "head", "list", "ping", "delete", "get", "put"]);
  });

  it("tells of each operation that it could not do", async () => {
    const file = join(folder, "a file where the folder should be");
    await writeFile(file, "");
    const { store, failed, answered } = open(file);
    await expect(store.ping()).rejects.toMatchObject({ code: "store_unavailable" });
    await expect(store.put(ref, Buffer.from("x"), { maxBytes: 1 })).rejects.toMatchObject({
      code: "store_unavailable",
    });
    expect(failed).toEqual(["ping", "put"]);
    expect(answered).toEqual([]);
  });
});
