import { createObjectStore, type ObjectRef, type ObjectStore, UploadRegistry, uploadRef } from "@facefleet/platform";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UploadCleanup } from "../src/jobs/upload-cleanup.js";
import { type Fleet, isolatedFleet, payload, quiet } from "./environment.js";

let fleet: Fleet;
let store: ObjectStore;
let uploads: UploadRegistry;

beforeEach(async () => {
  fleet = await isolatedFleet();
  store = createObjectStore(fleet.config);
  uploads = new UploadRegistry(fleet.config, { logger: quiet });
});

afterEach(async () => {
  await Promise.all([store.close(), uploads.close()]);
  await fleet.remove();
});

const uploadId = (index: number) => index.toString(16).padStart(32, "0");
const isStored = async (id: string) => (await store.head(uploadRef(store, id))) !== undefined;

async function uploaded(index: number, lifeMs: number): Promise<string> {
  const id = uploadId(index);
  await uploads.add(id, new Date(Date.now() + lifeMs));
  await store.put(uploadRef(store, id), new Uint8Array(8), { maxBytes: 8 });
  return id;
}

test("sweeps away every upload whose time is over, and no other", async () => {
  const expired = await Promise.all(Array.from({ length: 250 }, (_, index) => uploaded(index, -1)));
  const fresh = await uploaded(999, 60_000);
  await new UploadCleanup(store, uploads, quiet).sweep();
  expect((await Promise.all(expired.map(isStored))).filter(Boolean)).toEqual([]);
  expect(await isStored(fresh)).toBe(true);
  await uploads.remove(fresh);
});

test("gives a sweep up while the store keeps everything, and leaves all of it to a later one", async () => {
  await Promise.all(Array.from({ length: 150 }, (_, index) => uploaded(index, -1)));
  const tried: string[] = [];
  const away: ObjectStore = Object.create(store, {
    delete: { value: (ref: ObjectRef) => Promise.reject(new Error(`no: ${tried.push(ref.key)}`)) },
  });
  await new UploadCleanup(away, uploads, quiet).sweep();
  expect(tried).toHaveLength(100);
  // Those that were tried are leased for a while: the next sweep takes the others.
  await new UploadCleanup(away, uploads, quiet).sweep();
  expect(new Set(tried).size).toBe(150);
});

test("deletes an ended job's uploads; what the store keeps stays registered for the sweep", async () => {
  const [kept, deleted] = [await uploaded(1, -1), await uploaded(2, -1)];
  const failing: ObjectStore = Object.create(store, {
    delete: {
      value: (ref: ObjectRef) => (ref.key.endsWith(kept) ? Promise.reject(new Error("no")) : store.delete(ref)),
    },
  });
  const job = payload("verify", [{ upload: kept }, { upload: deleted }]);
  await new UploadCleanup(failing, uploads, quiet).jobEnded(job);
  expect(await isStored(deleted)).toBe(false);
  expect(await uploads.takeExpired(10)).toEqual([kept]);
});
