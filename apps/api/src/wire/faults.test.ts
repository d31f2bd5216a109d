import { AnalyseRequest, BatchRequest, CompareFacesRequest, JobRequest, MultipartJob } from "@facefleet/contracts";
import { type TSchema, Type } from "typebox";
import { Value } from "typebox/value";
import { describe, expect, it } from "vitest";
import { findFaults, type JsonSchema } from "./faults.js";

const find = (schema: TSchema, value: unknown) => findFaults(schema as JsonSchema, value);
const s3 = { s3: { bucket: "photos", key: "a.jpg" } };

describe("findFaults", () => {
  it("finds none in a valid value", () => {
    expect(find(JobRequest, { task: "detect", image: s3, metadata: { "naïve 😀": "x" } })).toEqual([]);
    expect(find(JobRequest, { task: "verify", images: [s3, { upload: "0".repeat(32) }] })).toEqual([]);
  });

  it("follows the branch that the task names", () => {
    expect(find(JobRequest, { task: "verify", image: s3 })).toEqual([
      { path: "/images", message: "Expected a list of 2 items for /images but received nothing" },
      { path: "/image", message: expect.stringContaining('received "image"') },
    ]);
  });

  it("names all values of the field that tells the branches apart", () => {
    expect(find(JobRequest, { task: "find", image: s3 })).toEqual([
      { path: "/task", message: 'Expected one of "detect", "embed", "verify", "match" for /task but received "find"' },
    ]);
  });

  it("follows the branch whose own field is there, when all branches share the others", () => {
    expect(find(BatchRequest, { task: "detect", items: [s3], options: { minFaceSize: 4000 } })).toEqual([
      { path: "/options/minFaceSize", message: expect.stringContaining("from 12 to 2000") },
    ]);
    expect(find(BatchRequest, { task: "find", items: [s3] })).toEqual([
      { path: "/task", message: 'Expected one of "detect", "embed" for /task but received "find"' },
    ]);
    for (const sources of [{}, { items: [s3], manifest: s3 }]) {
      expect(find(BatchRequest, { task: "detect", ...sources })).toEqual([
        { path: "", message: expect.stringMatching(/items.* or .*manifest.* or .*prefix/) },
      ]);
    }
  });

  it("points into nested values", () => {
    const faults = find(JobRequest, { task: "embed", image: { s3: { bucket: "photos", key: "", versionId: 5 } } });
    expect(faults.map(({ path }) => path)).toEqual(["/image/s3/key", "/image/s3/versionId"]);
  });

  it("points into a labelled item, and into one that is a reference alone", () => {
    const items = [
      { image: { s3: { bucket: "photos", key: 5 } }, id: "", metadata: { a: 1 } },
      { s3: {} },
      { id: "a" },
    ];
    const faults = find(BatchRequest, { task: "embed", items });
    expect(faults.map(({ path }) => path)).toEqual([
      "/items/0/image/s3/key",
      "/items/0/id",
      "/items/0/metadata/a",
      "/items/1/s3/bucket",
      "/items/1/s3/key",
      "/items/2",
    ]);
    expect(faults.at(-1)?.message).toContain("an object with url or an object with image");
  });

  it("says nothing of a valid list in a union, though something else is wrong", () => {
    const embedding = Array(512).fill(0.5);
    const job = { task: "match", probe: { embedding }, gallery: [{ embedding, fingerprint: 5 }] };
    expect(find(JobRequest, job).map(({ path }) => path)).toEqual(["/gallery/0/fingerprint"]);
  });

  it("says what an image reference is when nothing of it is there", () => {
    expect(find(JobRequest, { task: "embed", image: {} })).toEqual([
      {
        path: "/image",
        message:
          "Expected an object with s3 or an object with upload or an object with url or an object with data for /image but received an empty object",
      },
    ]);
  });

  it("says what an item of a batch is to one that holds its image", () => {
    expect(find(BatchRequest, { task: "embed", items: [{ data: "aGVsbG8=" }] })).toEqual([
      {
        path: "/items/0",
        message:
          "Expected an object with s3 or an object with upload or an object with url or an object with image for /items/0 but received an object with data",
      },
    ]);
  });

  it("says what is wrong with what is there before what is missing, and that before what is nobody's", () => {
    const faults = find(AnalyseRequest, { probe: s3, gallery: [s3], task: "match" });
    expect(faults.map(({ path }) => path)).toEqual(["/task", "/image", "/probe", "/gallery"]);
    expect(faults[0]?.message).toBe('Expected one of "detect", "embed" for /task but received "match"');
  });

  it("escapes and shortens names and values that callers choose", () => {
    const [fault] = find(MultipartJob, { task: "embed", ["a/b~".repeat(100)]: 1 });
    expect(fault?.path).toMatch(/^\/a~1b~0/);
    expect(JSON.stringify(fault).length).toBeLessThan(500);
    expect(find(Type.Integer(), "x".repeat(1e6))[0]?.message.length).toBeLessThan(150);
  });

  it("looks at none of too many fields", () => {
    const metadata = Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`${i}`, i]));
    expect(find(JobRequest, { task: "detect", image: s3, metadata })).toEqual([
      { path: "/metadata", message: "Expected at most 16 fields for /metadata but received an object with 17 fields" },
    ]);
  });

  it("stops at 20", () => {
    expect(find(CompareFacesRequest, { embedding1: Array(512).fill("x"), embedding2: [] })).toHaveLength(20);
  });

  it.each<[unknown]>([
    [null],
    ["x"],
    [[]],
    [{}],
    [{ task: "detect" }],
    [{ task: "detect", image: null }],
    [{ task: ["detect"], image: s3 }],
    [{ task: "verify", images: {} }],
    [{ task: "verify", images: [s3, s3, s3] }],
    [{ task: "detect", image: s3, metadata: [] }],
    [{ task: "detect", image: s3, metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [i, ""])) }],
    [{ task: "detect", image: s3, options: null }],
    [{ image: s3, images: [s3, s3] }],
  ])("says something about every value that is refused: %j", (value) => {
    expect(Value.Check(JobRequest, value)).toBe(false);
    expect(find(JobRequest, value).length).toBeGreaterThan(0);
  });
});
