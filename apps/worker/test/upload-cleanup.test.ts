import { createObjectStore, type ObjectRef, type ObjectStore, OwnObjects, UploadRegistry } from "@facefleet/platform";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UploadCleanup } from "../src/jobs/upload-cleanup.js";
import { type Fleet, isolatedFleet, quiet } from "./environment.js";

let fleet: Fleet;
let store: ObjectStore;
let uploads: UploadRegistry;

beforeEach(async () => {
  fleet = await isolatedFleet();
  store = createObjectStore(fleet.config);
  uploads = new UploadRegistry(fleet.redis);
});

afterEach(async () => {
  await store.close();
  await fleet.remove();
});

const uploadId = (index: number) => index.toString(16).padStart(32, "0");
const ownOf = (store: ObjectStore) => new OwnObjects(store, () => uploads.secret());
const isStored = async (id: string) => (await ownOf(store).upload(id).head()) !== undefined;

async function uploaded(index: number, { isUnwanted }: { isUnwanted: boolean }): Promise<string> {
  const id = uploadId(index);
  await uploads.announce(id, { tenant: "acme", bytes: 1 });
  if (isUnwanted) await uploads.giveUp(id);
  await ownOf(store).upload(id).put(new Uint8Array(8), { maxBytes: 8 });
  return id;
}

test("sweeps away every upload whose time is over, and no other", async () => {
  const expired = await Promise.all(Array.from({ length: 250 }, (_, index) => uploaded(index, { isUnwanted: true })));
  const fresh = await uploaded(999, { isUnwanted: false });
  await new UploadCleanup(ownOf(store), uploads, quiet).sweep();
  expect((await Promise.all(expired.map(isStored))).filter(Boolean)).toEqual([]);
  expect(await isStored(fresh)).toBe(true);
});

test("gives a sweep up while the store keeps everything, and leaves all of it to a later one", async () => {
  await Promise.all(Array.from({ length: 150 }, (_, index) => uploaded(index, { isUnwanted: true })));
  const tried: string[] = [];
  const away: ObjectStore = Object.create(store, {
    delete: { value: (ref: ObjectRef) => Promise.reject(new Error(`no: ${tried.push(ref.key)}`)) },
  });
  await new UploadCleanup(ownOf(away), uploads, quiet).sweep();
  expect(tried).toHaveLength(100);
  // Those that were tried are leased for a while: the next sweep takes the others.
  await new UploadCleanup(ownOf(away), uploads, quiet).sweep();
  expect(new Set(tried).size).toBe(150);
});

test("deletes of an ended job's uploads those that nobody holds; what the store keeps is left to the sweep", async () => {
  const [kept, deleted] = [await uploaded(1, { isUnwanted: true }), await uploaded(2, { isUnwanted: true })];
  const wanted = await uploaded(3, { isUnwanted: false });
  const failing: ObjectStore = Object.create(store, {
    head: { value: (ref: ObjectRef) => store.head(ref) },
    delete: {
      value: (ref: ObjectRef) => (ref.key.includes(kept) ? Promise.reject(new Error("no")) : store.delete(ref)),
    },
  });
  await new UploadCleanup(ownOf(failing), uploads, quiet).released([kept, deleted, wanted]);
  expect(await Promise.all([kept, deleted, wanted].map(isStored))).toEqual([true, false, true]);
  expect(await uploads.takeDoomed([kept, deleted, wanted])).toEqual([kept]);
});
