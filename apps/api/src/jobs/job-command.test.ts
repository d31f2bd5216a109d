import { type BatchRequest, detectorCatalogue, type ImageRef, JobOptions, type JobRequest } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { batchCommandOf } from "../batches/batch-command.js";
import type { Tenant } from "../tenancy/tenant.js";
import { askedOptions, commandOf as command, completeOptions, expectFitting } from "./job-command.js";

const context = { tenant: "acme", defaultTtlSeconds: 60, defaultDetector: "mtcnn" } as const;
const request: JobRequest = { task: "detect", image: { s3: { bucket: "photos", key: "a.jpg" } } };
const commandOf = (job: JobRequest, usual: typeof context) => {
  const image = (job as { image: ImageRef }).image;
  return command(job, { images: [{ ref: image, identity: image }] }, usual);
};
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
    expect(hashOf({ orientations: [0], detection: "faces" })).toBe(hashOf({}));
    expect(hashOf({ orientations: [0, 90] })).not.toBe(hashOf({ orientations: [90, 0] }));
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
      command({ task: "detect", metadata }, { images: [{ ref: { upload: "u" }, identity: "s" }] }, context).bodyHash();
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
    expect(completeOptions({}, "yunet")).toMatchObject({
      detector: "yunet",
      minConfidence: detectorCatalogue.yunet.minConfidence,
    });
    expect(completeOptions({ detector: "mtcnn" }, "yunet")).toMatchObject({ detector: "mtcnn", minConfidence: 0.9 });
    const asked = { detector: "yunet", minConfidence: 0.8 } as const;
    expect(completeOptions(asked, "mtcnn")).toMatchObject(asked);
  });
});

describe("expectFitting", () => {
  it.each([
    ["embed", { detection: "none", maxFaces: 3, landmarks: true, crops: true, detector: "yunet" }],
    ["verify", { detection: "none", embedding: "standard" }],
    ["detect", { orientations: [90], embedding: "high", minSharpness: 1 }],
  ] as const)("lets %s pass with %j", (task, options) => {
    expect(() => expectFitting(task, options as Partial<JobOptions>)).not.toThrow();
  });

  it("names all that does not go with a picture that is a crop", () => {
    const options: Partial<JobOptions> = { detection: "none", embedding: "high", orientations: [0], maxYaw: 30 };
    const error = catchOf(() => expectFitting("detect", options));
    expect(error).toMatchObject({
      code: "invalid_request",
      detail: 'Expected another task for /task with the detection none but received "detect"',
      extras: {
        errors: [
          { path: "/task" },
          { path: "/options/embedding", message: expect.stringContaining('Expected "standard"') },
          { path: "/options/orientations", message: expect.stringContaining("Expected nothing") },
          { path: "/options/maxYaw", message: expect.stringContaining("but received 30") },
        ],
      },
    });
  });
});

function catchOf(work: () => void): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}
