import { defaultTenant, type FaceJobPayload, JobOptions, type ModelInfo } from "@facefleet/contracts";
import { Value } from "typebox/value";
import { describe, expect, it } from "vitest";
import { requestDigest, requestOf } from "./request-digest.js";

const options: JobOptions = Value.Create(JobOptions);
const job: FaceJobPayload = {
  task: "embed",
  images: [{ upload: "1".repeat(32) }],
  options,
  resultTtlSeconds: 60,
  tenant: defaultTenant,
};
const model: ModelInfo = { pack: "p", detector: "d", embedder: "e", dimensions: 512, fingerprint: "f" };
const [first, second] = [Buffer.from("first"), Buffer.from("second")];

const digest = (payload: FaceJobPayload, images = [first], by = model) => requestDigest(requestOf(payload, images), by);

describe("the digest of a request", () => {
  it("is one for the same bytes and options, wherever they come from and in whatever order", () => {
    const images = [{ s3: { bucket: "photos", key: "a.jpg" } }];
    const reversed = Object.fromEntries(Object.entries(options).reverse()) as JobOptions;
    const same = { ...job, images, options: reversed, resultTtlSeconds: 600, metadata: { album: "summer" } };
    expect(digest(same, [Buffer.from(first)])).toBe(digest(job));
  });

  it("differs with all that a result depends on", () => {
    const digests = [
      digest(job),
      digest({ ...job, task: "detect" }),
      digest({ ...job, options: { ...options, maxFaces: 7 } }),
      digest({ ...job, options: { ...options, minSharpness: 0.1 } }),
      digest(job, [second]),
      digest(job, [first, second]),
      digest(job, [second, first]),
      digest(job, [first], { ...model, fingerprint: "g" }),
      digest(job, [first], { ...model, pack: "q" }),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });
});
