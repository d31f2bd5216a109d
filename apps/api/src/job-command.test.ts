import { JobOptions, type JobRequest } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { askedOptions, commandOf, completeOptions } from "./job-command.js";

const context = { tenant: "acme", defaultTtlSeconds: 60 };
const request: JobRequest = { task: "detect", image: { s3: { bucket: "photos", key: "a.jpg" } } };
const hashOf = (options: NonNullable<JobRequest["options"]>) => commandOf({ ...request, options }, context).bodyHash();

describe("the hash of a request's body", () => {
  it("is the same for what is left to the defaults, and for options in any order", () => {
    expect(hashOf({ maxFaces: 100, quality: true })).toBe(hashOf({}));
    expect(hashOf({ maxFaces: 5, quality: false })).toBe(hashOf({ quality: false, maxFaces: 5 }));
  });

  it("differs for what is asked for otherwise", () => {
    const hashes = [{}, { maxFaces: 5 }, { maxFaces: 6 }, { maxYaw: 5 }, { maxPitch: 5 }].map(hashOf);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it("has nothing of options that a later version may add", () => {
    const known = Object.keys(JobOptions.properties);
    expect(Object.keys(completeOptions({})).every((name) => known.includes(name))).toBe(true);
    expect(askedOptions(completeOptions({}))).toEqual([]);
  });
});
