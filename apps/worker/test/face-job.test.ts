import type { JobOptions, VerifyResult } from "@facefleet/contracts";
import type { AnalysisOptions, FaceAnalysis } from "@facefleet/core";
import { defaultPackName } from "@facefleet/core/models";
import { createObjectStore, EgressGuard, type ObjectStore, OriginCircuits, OwnObjects } from "@facefleet/platform";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runFaceJob } from "../src/jobs/face-job.js";
import { type Fleet, isolatedFleet, payload } from "./environment.js";

const nowhere = { x: 0, y: 0 };
const landmarks = { leftEye: nowhere, rightEye: nowhere, nose: nowhere, mouthLeft: nowhere, mouthRight: nowhere };

let fleet: Fleet;
let store: ObjectStore;
let own: OwnObjects;
let uploads: string[];

beforeEach(async () => {
  fleet = await isolatedFleet();
  store = createObjectStore(fleet.config);
  own = new OwnObjects(store, async () => "secret");
  uploads = ["1", "2"].map((digit) => digit.repeat(32));
  for (const id of uploads) await own.upload(id).put(Buffer.from(id), { maxBytes: 32 });
});

afterEach(async () => {
  await store.close();
  await fleet.remove();
});

/** An analysis that found one face, whose embedding points `angle` radians away from the first axis. */
function oneFace(angle: number, fingerprint: string): FaceAnalysis {
  const embedding = new Float32Array(512);
  embedding.set([Math.cos(angle), Math.sin(angle)]);
  return {
    image: { width: 1, height: 1, format: "png", orientation: 1, sha256: "" },
    faces: [{ box: { x: 0, y: 0, width: 1, height: 1 }, confidence: 1, landmarks, embedding }],
    dropped: [],
    model: { pack: defaultPackName, detector: "d", embedder: "e", dimensions: 512, fingerprint },
    timings: { memoryMs: 0, decodeMs: 0, pyramidMs: 0, detectMs: 0, alignMs: 0, embedMs: 0, batchSize: 1 },
  };
}

/** Verifies two images that inference is made to see so. */
async function verify(first: FaceAnalysis, second: FaceAnalysis, options: Partial<JobOptions> = {}) {
  const asked: AnalysisOptions[] = [];
  const references = uploads.map((upload) => ({ upload }));
  const job = {
    id: "j1",
    payload: payload("verify", references, options),
    createdAt: new Date(),
    attempt: 1,
    priority: "normal" as const,
    queueMs: 0,
    reportStage: () => {},
  };
  const analyse = async (bytes: Uint8Array, analysisOptions: AnalysisOptions) => {
    asked.push(analysisOptions);
    return bytes[0] === "1".charCodeAt(0) ? first : second;
  };
  const hosts = new OriginCircuits({ concurrency: 4 });
  const modelOf = () => first.model;
  const common = { store, own, egress: new EgressGuard(), hosts, maxImageBytes: 100, onStage: () => {} };
  const parts = { ...common, analyse, modelOf };
  const result = (await runFaceJob(job, parts, new AbortController().signal)) as VerifyResult;
  return { result, asked };
}

/** The angle between unit vectors at a Euclidean distance. */
const angleAt = (distance: number) => 2 * Math.asin(distance / 2);

test("a verification refuses faces that two models have seen", async () => {
  const mixed = verify(oneFace(0, "aaaa"), oneFace(0, "bbbb"));
  await expect(mixed).rejects.toMatchObject({ code: "fingerprint_mismatch" });
});

test("a verification embeds as asked, and says what it was made with", async () => {
  const { result, asked } = await verify(oneFace(0, "aaaa"), oneFace(0, "aaaa"), { embedding: "high" });
  expect(asked.map(({ embedding, embed, maxFaces }) => ({ embedding, embed, maxFaces }))).toEqual([
    { embedding: "high", embed: true, maxFaces: 1 },
    { embedding: "high", embed: true, maxFaces: 100 },
  ]);
  expect(result.model.fingerprint).toBe("aaaa");
});

/** An analysis that found several faces, each in its own place. */
function group(...angles: number[]): FaceAnalysis {
  const faces = angles.flatMap((angle, x) =>
    oneFace(angle, "aaaa").faces.map((face) => ({ ...face, box: { x, y: 0, width: 1, height: 1 } })),
  );
  const dropped = { box: { x: 0, y: 0, width: 1, height: 1 }, confidence: 0.9 };
  return {
    ...oneFace(0, "aaaa"),
    image: { width: 9, height: 1, format: "png", orientation: 1, sha256: "" },
    faces,
    dropped: [
      { ...dropped, reason: "over_limit" },
      { ...dropped, reason: "too_small" },
    ],
  };
}

test("the nearest face of a group is the pair, and the others are candidates by their distance", async () => {
  const { result } = await verify(oneFace(0, "aaaa"), group(1.5, 0.2, 2, 0.9));
  expect(result.faces[1]!.box.x).toBe(1);
  expect(result.match).toBe(true);
  expect(result.faceCounts).toEqual([1, 5]);
  const candidates = result.candidates!;
  expect(candidates.map(({ face }) => face.box.x)).toEqual([3, 0, 2]);
  expect(candidates.map(({ match }) => match)).toEqual([true, false, false]);
  expect(candidates.every(({ face }) => face.embedding === undefined)).toBe(true);
  expect(candidates[0]!.euclideanDistance).toBeCloseTo(2 * Math.sin(0.45), 5);
});

test("every image that has no face is named", async () => {
  const none = { ...oneFace(0, "aaaa"), faces: [] };
  const small = { ...none, dropped: [{ ...group(0).dropped[1]! }] };
  await expect(verify(none, small)).rejects.toMatchObject({
    code: "no_face_detected",
    detail: "No face was found in image 1 of 2. No face was found in image 2 of 2. Faces were left out: too_small.",
  });
  await expect(verify(oneFace(0, "aaaa"), none)).rejects.toMatchObject({
    detail: "No face was found in image 2 of 2.",
  });
});

test.each(["standard", "high"] as const)("decides by the band of %s embeddings", async (embedding) => {
  const at = async (distance: number) =>
    (await verify(oneFace(0, "aaaa"), oneFace(angleAt(distance), "aaaa"), { embedding })).result;
  const { uncertainBand: band } = await at(0.5);
  expect(band.from).toBeLessThan(band.to);
  const decisions = [];
  for (const distance of [band.from - 0.001, band.from + 0.001, band.to - 0.001, band.to + 0.001]) {
    decisions.push((await at(distance)).decision);
  }
  expect(decisions).toEqual(["match", "uncertain", "uncertain", "no_match"]);
  expect((await at(0.999)).match).toBe(true);
  expect((await at(1.001)).match).toBe(false);
});
