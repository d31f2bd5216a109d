import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { loadConfig, storeSettings } from "../config/index.js";
import { createObjectStore } from "./create-object-store.js";
import { assertReadable, assertWritable, batchCopyRef, batchPartRef, uploadRef } from "./own-objects.js";

const open = (env: Record<string, string>) => createObjectStore(loadConfig(Type.Object(storeSettings), env));
const forbidden = expect.objectContaining({ code: "bucket_forbidden" });

describe("refs that callers name", () => {
  const s3 = open({
    S3_BUCKET: "mine",
    S3_ACCESS_KEY_ID: "a",
    S3_SECRET_ACCESS_KEY: "b",
    S3_ALLOWED_BUCKETS: "photos, scans",
  });

  it("may be in the default bucket and in the allowed ones", () => {
    for (const bucket of ["mine", "photos", "scans"]) {
      expect(() => assertReadable(s3, { bucket, key: "2024/a.jpg" })).not.toThrow();
    }
    expect(() => assertReadable(s3, { bucket: "payroll", key: "a.jpg" })).toThrow(forbidden);
  });

  it("may be in the default bucket only when no others are named", () => {
    const store = open({ S3_BUCKET: "mine" });
    expect(store.allows("mine")).toBe(true);
    expect(store.allows("photos")).toBe(false);
  });

  it("never reach the uploads and the results of others", () => {
    for (const store of [s3, open({})]) {
      const bucket = store.defaultBucket;
      for (const key of [
        uploadRef(store, "0".repeat(32)).key,
        batchPartRef(store, "b1", 0).key,
        "/uploads/x",
        "//batches/x",
      ]) {
        expect(() => assertReadable(store, { bucket, key })).toThrow(forbidden);
      }
      expect(() => assertReadable(store, { bucket, key: "my/uploads/x" })).not.toThrow();
    }
    expect(() => assertReadable(s3, { bucket: "photos", key: "uploads/x" })).not.toThrow();
  });
});

describe("places that batches are to write to", () => {
  const store = open({ S3_BUCKET: "mine", S3_ALLOWED_BUCKETS: "photos" });
  const copy = (prefix: string, bucket = "mine") => batchCopyRef({ bucket, prefix }, "b1", 0);

  it("are folders below any prefix but the service's own", () => {
    for (const prefix of ["", "out", "out/", "batch"]) expect(() => assertWritable(store, copy(prefix))).not.toThrow();
    expect(copy("out")).toEqual(copy("out/"));
    for (const prefix of ["batches", "batches/", "/batches", "uploads", "uploads/x"]) {
      expect(() => assertWritable(store, copy(prefix))).toThrow(forbidden);
      expect(() => assertWritable(store, copy(prefix, "photos"))).not.toThrow();
    }
    expect(() => assertWritable(store, copy("out", "photos"), new Set(["mine"]))).toThrow(forbidden);
  });

  it("can be written to", () => {
    const invalid = expect.objectContaining({ code: "invalid_request" });
    for (const prefix of ["../out", "\u{1F600}".repeat(300)]) {
      expect(() => assertWritable(store, copy(prefix))).toThrow(invalid);
    }
  });
});

describe("the choice of a store", () => {
  it("is S3 with a bucket, a folder without", () => {
    expect(open({ S3_BUCKET: "mine" }).kind).toBe("s3");
    expect(open({ S3_BUCKET: "" }).kind).toBe("folder");
  });

  it("refuses half a pair of credentials", () => {
    expect(() => open({ S3_BUCKET: "mine", S3_ACCESS_KEY_ID: "a" })).toThrow("S3_SECRET_ACCESS_KEY: Expected");
    expect(() => open({ S3_BUCKET: "mine", S3_SECRET_ACCESS_KEY: "hush" })).toThrow(/^(?!.*hush).*S3_ACCESS_KEY_ID/s);
  });
});
