import { expect, it } from "vitest";
import { loadConfig, storeSettings } from "../config/index.js";
import { createObjectStore } from "./create-object-store.js";

const open = (env: Record<string, string>) => createObjectStore(loadConfig(storeSettings, env));

it("is S3 with a bucket, a folder without", () => {
  expect(open({ S3_BUCKET: "mine" }).kind).toBe("s3");
  expect(open({ S3_BUCKET: "" }).kind).toBe("folder");
});

it("refuses half a pair of credentials", () => {
  expect(() => open({ S3_BUCKET: "mine", S3_ACCESS_KEY_ID: "a" })).toThrow("S3_SECRET_ACCESS_KEY: Expected");
  expect(() => open({ S3_BUCKET: "mine", S3_SECRET_ACCESS_KEY: "hush" })).toThrow(/^(?!.*hush).*S3_ACCESS_KEY_ID/s);
});

it("refuses a bucket of its own that callers may name", () => {
  for (const S3_OWN_BUCKET of ["mine", "photos"]) {
    expect(() => open({ S3_BUCKET: "mine", S3_ALLOWED_BUCKETS: "photos", S3_OWN_BUCKET })).toThrow(
      "S3_OWN_BUCKET: Expected",
    );
  }
});
