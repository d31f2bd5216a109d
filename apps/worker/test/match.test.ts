import {
  type FaceJobPayload,
  type GivenEmbeddings,
  type JobOptions,
  type MatchResult,
  type ModelInfo,
  ProblemError,
} from "@facefleet/contracts";
import type { FaceAnalysis } from "@facefleet/core";
import { defaultPackName, packManifest } from "@facefleet/core/models";
import { uncertainBand } from "@facefleet/matching";
import { createObjectStore, EgressGuard, type ObjectStore, OriginCircuits, OwnObjects } from "@facefleet/platform";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runFaceJob } from "../src/jobs/face-job.js";
import { type Fleet, isolatedFleet, payload } from "./environment.js";

const fingerprint = "0123abcd";
const model: ModelInfo = { pack: defaultPackName, detector: "mtcnn", embedder: "e", dimensions: 512, fingerprint };
const given = "f".repeat(32);

let fleet: Fleet;
let store: ObjectStore;
let own: OwnObjects;
/** How many images are in hand at once, at most. */
let mostAtOnce: number;
/** How many have been looked at. */
let analysed: number;

beforeEach(async () => {
  fleet = await isolatedFleet();
  store = createObjectStore(fleet.config);
  own = new OwnObjects(store, async () => "secret");
  mostAtOnce = 0;
  analysed = 0;
});
afterEach(async () => {
  await store.close();
  await fleet.remove();
});

/** The angle between unit vectors at a Euclidean distance. */
const angleAt = (distance: number) => 2 * Math.asin(distance / 2);

/** An embedding at a distance from the first axis, to either side. */
function at(distance: number): Float32Array {
  const embedding = new Float32Array(512);
  embedding.set([Math.cos(angleAt(distance)), Math.sin(angleAt(distance))]);
  return embedding;
}

function base64(embedding: Float32Array): string {
  return Buffer.from(embedding.buffer).toString("base64");
}

/** An image whose faces are at these distances, by what it has for bytes: "0.5 1.2"; "broken", or "away". */
function seen(text: string): FaceAnalysis {
  if (text === "broken") throw new ProblemError("image_undecodable", "Expected a whole image");
  if (text === "away") throw new ProblemError("inference_failed", "The engine failed");
  const distances = text.split(" ").filter((word) => word !== "none");
  return {
    image: { width: 10, height: 10, format: "png", orientation: 1, sha256: "" },
    faces: distances.map((distance, i) => ({
      box: { x: i, y: 0, width: 1, height: 1 },
      confidence: 1,
      embedding: at(Number(distance)),
    })),
    dropped: [{ box: { x: 5, y: 5, width: 1, height: 1 }, confidence: 0.95, reason: "over_limit" }],
    model,
    timings: { memoryMs: 0, decodeMs: 0, pyramidMs: 0, detectMs: 0, alignMs: 0, embedMs: 0, batchSize: 1 },
  };
}

interface Asked {
  readonly images: readonly string[];
  readonly embeddings?: GivenEmbeddings;
  readonly places?: number[];
  readonly options?: Partial<JobOptions>;
}

async function match({ images, embeddings, places, options = {} }: Asked): Promise<MatchResult> {
  const ids = images.map((_, i) => i.toString(16).padStart(32, "0"));
  for (const [i, id] of ids.entries()) await own.upload(id).put(Buffer.from(images[i]!), { maxBytes: 100 });
  if (embeddings) await own.upload(given).put(Buffer.from(JSON.stringify(embeddings)), { maxBytes: 1e6 });
  const references = ids.map((upload) => ({ upload }));
  const asked: FaceJobPayload = {
    ...payload("match", references, options),
    ...(places && { given: { upload: given, places } }),
  };
  const job = {
    id: "j1",
    payload: asked,
    createdAt: new Date(),
    attempt: 1,
    priority: "normal" as const,
    queueMs: 0,
    reportStage: () => {},
  };
  let atOnce = 0;
  const analyse = async (bytes: Uint8Array, { maxFaces }: { maxFaces: number }) => {
    analysed += 1;
    mostAtOnce = Math.max(mostAtOnce, ++atOnce);
    await new Promise((resolve) => setTimeout(resolve, 2));
    atOnce -= 1;
    const analysis = seen(Buffer.from(bytes).toString());
    return { ...analysis, faces: analysis.faces.slice(0, maxFaces) };
  };
  const hosts = new OriginCircuits({ concurrency: 4 });
  const common = { store, own, egress: new EgressGuard(), hosts, maxImageBytes: 100, onStage: () => {} };
  const parts = { ...common, analyse, modelOf: () => model };
  return (await runFaceJob(job, parts, new AbortController().signal)) as MatchResult;
}

test("a match orders its gallery by the nearest face of each, and says what could not be compared", async () => {
  const images = ["0 1.9", "1.4", "1.8 0.4 1", "none", "broken", "0.9"];
  const { probe, matches, failed, ...rest } = await match({ images });
  expect(probe).toMatchObject({ face: { box: { x: 0 }, embedding: expect.any(Array) }, faceCount: 2 });
  expect(matches.map(({ index, decision }) => [index, decision])).toEqual([
    [1, "match"],
    [4, "match"],
    [0, "no_match"],
  ]);
  expect(matches[0]).toMatchObject({ face: { box: { x: 1 } }, faceCount: 4, match: true });
  expect(matches[0]!.euclideanDistance).toBeCloseTo(0.4, 5);
  expect(matches[0]!.face).not.toHaveProperty("embedding");
  expect(failed).toMatchObject([
    { index: 2, error: { code: "no_face_detected", status: 400 } },
    { index: 3, error: { code: "image_undecodable" } },
  ]);
  const band = uncertainBand(packManifest(defaultPackName).distances.mtcnn.standard);
  expect(rest).toEqual({ threshold: 1, uncertainBand: band, model });
});

test("a match takes embeddings in place of images, wherever they stand", async () => {
  const embeddings = [{ embedding: base64(at(0)), fingerprint }, { embedding: base64(at(0.3)) }];
  const { probe, matches } = await match({ images: ["0.8", "0.2"], embeddings, places: [0, 2] });
  expect(probe).toEqual({});
  expect(matches.map(({ index }) => index)).toEqual([2, 1, 0]);
  expect(matches[1]).not.toHaveProperty("face");
  expect(matches[1]!.euclideanDistance).toBeCloseTo(0.3, 5);
});

test("a match of embeddings alone sees no image", async () => {
  const embeddings = [0, 1.2, 0.1].map((distance) => ({ embedding: base64(at(distance)) }));
  const { matches, model: made } = await match({ images: [], embeddings, places: [0, 1, 2] });
  expect(matches.map(({ index }) => index)).toEqual([1, 0]);
  expect(made).toEqual(model);
  expect(mostAtOnce).toBe(0);
});

test("a match refuses embeddings of another fingerprint, by their place", async () => {
  const embeddings = [{ embedding: base64(at(1)), fingerprint: "other" }];
  await expect(match({ images: ["0", "1"], embeddings, places: [2] })).rejects.toMatchObject({
    code: "fingerprint_mismatch",
    detail: expect.stringContaining("of /gallery/1 but received other"),
  });
});

test.each([
  ["its probe shows no face", ["none", "1"], "no_face_detected", /^In the probe: No face was found/],
  ["its probe is broken", ["broken", "1"], "image_undecodable", /^In the probe: /],
  ["something of ours fails", ["0", "1", "away"], "inference_failed", /engine/],
])("a match fails where %s", async (_, images, code, message) => {
  await expect(match({ images })).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});

test("a match that fails leaves the rest of its gallery alone", async () => {
  await expect(match({ images: ["0", "away", ...Array.from({ length: 40 }, () => "1")] })).rejects.toThrow();
  const sofar = analysed;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect([analysed, sofar <= 8]).toEqual([sofar, true]);
});

test("a match has few of its images in hand at once", async () => {
  const { matches } = await match({ images: ["0", ...Array.from({ length: 40 }, (_, i) => String(1 + i / 100))] });
  expect(matches.map(({ index }) => index)).toEqual(Array.from({ length: 40 }, (_, i) => i));
  expect(mostAtOnce).toBeLessThanOrEqual(4);
});
