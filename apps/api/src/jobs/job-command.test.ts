import { type BatchRequest, JobOptions, type JobRequest, usualMinConfidence } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { batchCommandOf } from "../batches/batch-command.js";
import type { Tenant } from "../tenancy/tenant.js";
import { askedOptions, commandOf, commandWithImages, completeOptions } from "./job-command.js";

const context = { tenant: "acme", defaultTtlSeconds: 60, defaultDetector: "mtcnn" } as const;
const request: JobRequest = { task: "detect", image: { s3: { bucket: "photos", key: "a.jpg" } } };
const hashOf = (options: NonNullable<JobRequest["options"]>) => commandOf({ ...request, options }, context).bodyHash();

const batchHash = (asked: object) =>
  batchCommandOf({ task: "detect", ...asked } as BatchRequest, {
    tenant: { id: "acme" } as Tenant,
    defaultTtlSeconds: 60,
    defaultDetector: "mtcnn",
  }).bodyHash();

describe("the hash of a request's body", () => {
  it("is the same for what is left to the defaults, and for options in any order", () => {
    expect(hashOf({ maxFaces: 100, quality: true })).toBe(hashOf({}));
    expect(hashOf({ maxFaces: 5, quality: false })).toBe(hashOf({ quality: false, maxFaces: 5 }));
  });

  it("differs for what is asked for otherwise", () => {
    const hashes = [{}, { maxFaces: 5 }, { maxFaces: 6 }, { maxYaw: 5 }, { maxPitch: 5 }].map(hashOf);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it("is the same in whatever order names are written, in jobs, forms and batches", () => {
    const there = { s3: { bucket: "photos", key: "a.jpg", versionId: "1" } };
    const same = { s3: { versionId: "1", key: "a.jpg", bucket: "photos" } };
    const [metadata, turned] = [
      { a: "1", b: "2" },
      { b: "2", a: "1" },
    ];
    const job = (image: typeof there, metadata: object) =>
      commandOf({ ...request, image, metadata } as JobRequest, context).bodyHash();
    expect(job(same, turned)).toBe(job(there, metadata));
    const form = (metadata: Record<string, string>) =>
      commandWithImages({ task: "detect", metadata }, [{ uploadId: "u", sha256: "s" }], context).bodyHash();
    expect(form(turned)).toBe(form(metadata));
    const batch = (image: typeof there, metadata: Record<string, string>) => batchHash({ items: [image], metadata });
    expect(batch(same, turned)).toBe(batch(there, metadata));
    const place = { bucket: "lists", key: "all" };
    expect(batchHash({ manifest: { s3: { key: "all", bucket: "lists" } } })).toBe(
      batchHash({ manifest: { s3: place } }),
    );
  });

  it("stays what it was in the version before, whose digests are kept for a day", () => {
    const image = { s3: { bucket: "photos", key: "a.jpg", versionId: "1" } };
    const metadata = { a: "1", b: "2" };
    const webhook = { url: "https://a.example/" };
    const job: JobRequest = { task: "detect", image, options: { maxFaces: 5 }, webhook, metadata };
    expect(commandOf(job, context).bodyHash()).toBe("380ca31d2ae37ab61aa5ad1d4c4a25873d4a163c733f291ff91f238ae73c7199");
    const output = { s3: { bucket: "r", prefix: "p" } };
    expect(batchHash({ items: [image], output, metadata })).toBe(
      "2c0176a6988eedde9123bc98c0ca5d4eb0c2487a0a1432f110cabccda198d6cd",
    );
  });

  it("has nothing of options that a later version may add", () => {
    const known = Object.keys(JobOptions.properties);
    expect(Object.keys(completeOptions({}, "mtcnn")).every((name) => known.includes(name))).toBe(true);
    expect(askedOptions(completeOptions({}, "mtcnn"))).toEqual([]);
  });
});

describe("completeOptions", () => {
  it("takes the fleet's detector where none is asked for, and the confidence that is usual for the one that is used", () => {
    expect(completeOptions({}, "mtcnn")).toMatchObject({ detector: "mtcnn", minConfidence: 0.9 });
    expect(completeOptions({}, "yunet")).toMatchObject({ detector: "yunet", minConfidence: usualMinConfidence.yunet });
    expect(completeOptions({ detector: "mtcnn" }, "yunet")).toMatchObject({ detector: "mtcnn", minConfidence: 0.9 });
    const asked = { detector: "yunet", minConfidence: 0.8 } as const;
    expect(completeOptions(asked, "mtcnn")).toMatchObject(asked);
  });
});
