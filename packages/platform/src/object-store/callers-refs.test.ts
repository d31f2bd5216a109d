import { describe, expect, it } from "vitest";
import { keyAliases } from "../../test/key-aliases.js";
import { loadConfig, storeSettings } from "../config/index.js";
import { batchCopyRef, isBatchCopy } from "./batch-copies.js";
import { assertListable, assertReadable, assertWritable, isReserved } from "./callers-refs.js";
import { createObjectStore } from "./create-object-store.js";
import { keyFault } from "./object-key.js";
import { OwnObjects } from "./own-objects.js";

const open = (env: Record<string, string>) => createObjectStore(loadConfig(storeSettings, env));
const forbidden = expect.objectContaining({ code: "bucket_forbidden" });
const invalid = expect.objectContaining({ code: "invalid_request" });

/** With those that lead elsewhere, which no store is asked for, left out. */
const namesOf = (key: string) => [key, ...keyAliases(key)].filter((name) => keyFault(name) === undefined);

const s3 = open({ S3_BUCKET: "mine", S3_ALLOWED_BUCKETS: "photos, scans" });
const twoBuckets = open({ S3_BUCKET: "mine", S3_OWN_BUCKET: "own" });
const folder = open({});

describe("refs that callers name", () => {
  it("have keys that a store can be asked for", () => {
    for (const key of ["a/../b.jpg", "..", "%2e%2e/a.jpg", "a\\..\\b.jpg", "a\0.jpg", "\u00fc".repeat(513)]) {
      expect(() => assertReadable(s3, { bucket: "photos", key }), key).toThrow(invalid);
      // Whose bucket it is comes first.
      expect(() => assertReadable(s3, { bucket: "payroll", key }), key).toThrow(forbidden);
    }
    expect(() => assertReadable(s3, { bucket: "photos", key: "a..b/...jpg" })).not.toThrow();
  });

  it("may be in the default bucket and in the allowed ones", () => {
    for (const bucket of ["mine", "photos", "scans"]) {
      expect(() => assertReadable(s3, { bucket, key: "2024/a.jpg" })).not.toThrow();
    }
    expect(() => assertReadable(s3, { bucket: "payroll", key: "a.jpg" })).toThrow(forbidden);
    expect(() => assertReadable(s3, { bucket: "scans", key: "a.jpg" }, new Set(["mine"]))).toThrow(forbidden);
  });

  it("may be in the default bucket only when no others are named", () => {
    expect([twoBuckets.allows("mine"), twoBuckets.allows("photos"), twoBuckets.allows("own")]).toEqual([
      true,
      false,
      false,
    ]);
  });

  it.each([
    ["s3", s3],
    ["a bucket of its own", twoBuckets],
    ["a folder", folder],
  ])("never lead to what the service keeps, however they are written: %s", async (_, store) => {
    const own = new OwnObjects(store, async () => "secret");
    for (const object of [own.upload("0".repeat(32)), own.batchPart("b1", 0)]) {
      const { bucket, key } = await object.ref();
      for (const alias of namesOf(key)) expect(() => assertReadable(store, { bucket, key: alias })).toThrow(forbidden);
    }
  });

  it("never lead to where older versions kept it", () => {
    for (const store of [s3, twoBuckets, folder]) {
      for (const key of [`uploads/${"0".repeat(32)}`, "batches/b1/part-00000.ndjson"]) {
        for (const alias of namesOf(key)) {
          expect(() => assertReadable(store, { bucket: store.defaultBucket, key: alias })).toThrow(forbidden);
        }
      }
    }
  });

  it("may have such names elsewhere", () => {
    for (const key of ["my/uploads/x", "my-uploads/x", "uploads", "batches-2024/x", "uploadsx", "facefleet/own/x"]) {
      expect(() => assertReadable(s3, { bucket: "mine", key })).not.toThrow();
    }
    for (const key of ["uploads/x", "facefleet-own/x"]) {
      expect(() => assertReadable(s3, { bucket: "photos", key })).not.toThrow();
    }
  });
});

describe("prefixes that callers name", () => {
  it("lead to nothing of the service's own", () => {
    for (const prefix of [
      "uploads/",
      "\\uploads\\",
      "/Batches/b",
      "facefleet-own/",
      "facefleet-own\\uploads",
      "%66acefleet-own/",
    ]) {
      expect(() => assertListable(s3, { bucket: "mine", prefix })).toThrow(forbidden);
    }
    for (const prefix of ["", "up", "uploads", "facefleet", "facefleet-own", "2026/"]) {
      expect(() => assertListable(s3, { bucket: "mine", prefix })).not.toThrow();
    }
    for (const prefix of ["2026/../uploads/", "2026\\..\\uploads", "%2e%2e/", "\0"]) {
      expect(() => assertListable(s3, { bucket: "mine", prefix })).toThrow(invalid);
    }
  });
});

describe("places that batches are to write to", () => {
  const copy = (prefix: string, bucket = "mine") => batchCopyRef({ bucket, prefix }, "b1", 0);

  it("are folders below any prefix but the service's own", () => {
    for (const prefix of ["", "out", "out/", "batch"]) expect(() => assertWritable(s3, copy(prefix))).not.toThrow();
    expect(copy("out")).toEqual(copy("out/"));
    for (const prefix of ["batches", "batches\\", "/batches", "Uploads", "uploads/x", "\\facefleet-own\\batches"]) {
      expect(() => assertWritable(s3, copy(prefix))).toThrow(forbidden);
      expect(() => assertWritable(s3, copy(prefix, "photos"))).not.toThrow();
    }
    expect(() => assertWritable(s3, copy("out", "photos"), new Set(["mine"]))).toThrow(forbidden);
  });

  it("can be written to", () => {
    for (const prefix of ["../out", "%2e%2e/out", "\u{1F600}".repeat(300)]) {
      expect(() => assertWritable(s3, copy(prefix))).toThrow(invalid);
    }
    for (const prefix of ["out//x", "/out", "x".repeat(256)]) {
      expect(() => assertWritable(s3, copy(prefix))).not.toThrow();
      expect(() => assertWritable(folder, copy(prefix, "local"))).toThrow(invalid);
    }
  });

  it("are known again, whatever the store has made of their name", () => {
    for (const [prefix, key] of [
      ["out", "out/b1/part-00000.ndjson"],
      ["out\\2026", "out/2026/b1/part-00000.ndjson"],
      ["/out//2026/", "out/2026/b1/part-00000.ndjson"],
      ["OUT", "out/b1/part-00000.ndjson"],
    ] as const) {
      expect(isBatchCopy({ bucket: "mine", prefix }, "b1", { bucket: "mine", key })).toBe(true);
      expect(isBatchCopy({ bucket: "mine", prefix }, "b2", { bucket: "mine", key })).toBe(false);
      expect(isBatchCopy({ bucket: "mine", prefix }, "b1", { bucket: "photos", key })).toBe(false);
    }
  });
});

it("everything in a bucket of the service's own is reserved", () => {
  expect(isReserved(twoBuckets, { bucket: "own", key: "anything" })).toBe(true);
  expect(isReserved(twoBuckets, { bucket: "mine", key: "anything" })).toBe(false);
});
