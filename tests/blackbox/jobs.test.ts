import type { AnalysisResult, Face, Job, VerifyResult } from "@facefleet/contracts";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { portrait, twoPortraits } from "../support/test-data.js";
import { Caller } from "./caller.js";
import { putPhoto } from "./s3-objects.js";

const acme = new Caller("acme");
/** The same tenant, at the other API process. */
const elsewhere = new Caller("acme", 1);

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const hex64 = /^[0-9a-f]{64}$/;

describe("a job", () => {
  let one: object;
  let two: object;
  /** Its larger face is the right one. */
  let mirrored: object;
  beforeAll(async () => {
    one = await putPhoto(await portrait());
    two = await putPhoto(await twoPortraits());
    mirrored = await putPhoto(
      await sharp(await twoPortraits())
        .flop()
        .png()
        .toBuffer(),
    );
  });

  const resultOf = async (request: object): Promise<AnalysisResult> => {
    const job = await elsewhere.finished(acme.submit(request));
    expect(job.error).toBeUndefined();
    return job.result as AnalysisResult;
  };

  it("is answered 202 with its place and itself, and ends with its result", async () => {
    const job = { task: "embed", metadata: { album: "summer" }, resultTtlSeconds: 120 };
    const submitted = await acme.sendImage<Job>("/v1/jobs", await portrait(), { job });
    expect(submitted.status).toBe(202);
    expect(submitted.headers.get("location")).toBe(`/v1/jobs/${submitted.body.id}`);
    expect(submitted.body).toMatchObject({
      task: "embed",
      state: "queued",
      attempts: 0,
      metadata: { album: "summer" },
    });
    const { id } = submitted.body;
    expect(submitted.body.links).toEqual({ self: `/v1/jobs/${id}`, events: `/v1/jobs/${id}/events` });
    const ended = await elsewhere.ended(id);
    expect(ended).toMatchObject({ id, state: "succeeded", attempts: 1, metadata: { album: "summer" } });
    expect(Date.parse(ended.expiresAt!) - Date.parse(ended.finishedAt!)).toBe(120_000);
  });

  it("cuts its faces out, where it is asked to", async () => {
    const { faces } = await resultOf({ task: "detect", image: two, options: { crops: true } });
    expect(faces).toHaveLength(2);
    for (const { crop = "" } of faces) {
      const { format, width, height } = await sharp(Buffer.from(crop, "base64")).metadata();
      expect({ format, width, height }).toEqual({ format: "jpeg", width: 160, height: 160 });
    }
    const plain = await resultOf({ task: "detect", image: two, options: { crops: false } });
    expect(plain.faces.some((face) => "crop" in face)).toBe(false);
  });

  it("needs no more than its task and its image", async () => {
    const submitted = await acme.submit({ task: "detect", image: one });
    expect(Object.keys(submitted.body).sort()).toEqual(["attempts", "createdAt", "id", "links", "state", "task"]);
    const job = await elsewhere.ended(submitted.body.id);
    expect(Object.keys(job).sort()).toEqual(
      [
        "attempts",
        "createdAt",
        "expiresAt",
        "finishedAt",
        "id",
        "links",
        "result",
        "startedAt",
        "state",
        "task",
      ].sort(),
    );
    const { createdAt, startedAt = "", finishedAt = "", expiresAt = "" } = job;
    for (const time of [createdAt, startedAt, finishedAt, expiresAt]) expect(time).toMatch(rfc3339);
    expect([createdAt, startedAt, finishedAt, expiresAt]).toEqual([createdAt, startedAt, finishedAt, expiresAt].sort());
    expect(Date.parse(expiresAt) - Date.parse(finishedAt)).toBe(86_400_000);
  });

  it("takes every field at once", async () => {
    const job = await elsewhere.finished(
      acme.submit({
        task: "embed",
        image: one,
        options: {
          minFaceSize: 40,
          minConfidence: 0.8,
          maxFaces: 5,
          order: "confidence",
          landmarks: true,
          quality: true,
          embeddingFormat: "base64",
        },
        priority: "high",
        metadata: { name: "Ünïcode \u{1f600}", empty: "" },
        resultTtlSeconds: 60,
      }),
    );
    expect(job).toMatchObject({ state: "succeeded", metadata: { name: "Ünïcode \u{1f600}", empty: "" } });
    expect(Date.parse(job.expiresAt!) - Date.parse(job.finishedAt!)).toBe(60_000);
  });

  it.each(["low", "normal", "high"])("may have the priority %s", async (priority) => {
    expect(await elsewhere.finished(acme.submit({ task: "detect", image: one, priority }))).toMatchObject({
      state: "succeeded",
    });
  });

  it("detects: where each face is, how sure that is, its landmarks and its quality", async () => {
    const result = await resultOf({ task: "detect", image: one });
    expect(result).toMatchObject({
      image: { width: 480, height: 640, format: "png", orientation: 1, sha256: expect.stringMatching(hex64) },
      dropped: [],
      model: { dimensions: 512, pack: expect.any(String), detector: expect.any(String), embedder: expect.any(String) },
    });
    expect(Object.keys(result).sort()).toEqual(["dropped", "faces", "image", "model", "timings"]);
    expect(Object.keys(result.timings).sort()).toEqual(
      ["batchSize", "decodeMs", "detectMs", "embedMs", "fetchMs", "queueMs"].sort(),
    );
    for (const value of Object.values(result.timings)) expect(value).toBeGreaterThanOrEqual(0);
    expect(result.timings.batchSize).toBeGreaterThanOrEqual(1);
    const [face] = result.faces;
    expect(Object.keys(face!).sort()).toEqual(["box", "confidence", "landmarks", "quality"]);
    expect(face!.confidence).toBeGreaterThan(0.9);
    const points = ["leftEye", "rightEye", "nose", "mouthLeft", "mouthRight"];
    expect(Object.keys(face!.landmarks!).sort()).toEqual(points.sort());
    expect(face!.landmarks!.leftEye.x).toBeLessThan(face!.landmarks!.rightEye.x);
    expect(Object.keys(face!.quality!).sort()).toEqual(["brightness", "pose", "sharpness"]);
    expect(Object.keys(face!.quality!.pose).sort()).toEqual(["pitch", "roll", "yaw"]);
  });

  it("finds faces by the detector that is asked for, and says which one it was", async () => {
    const [mtcnn, yunet] = await Promise.all(
      (["mtcnn", "yunet"] as const).map((detector) => resultOf({ task: "detect", image: two, options: { detector } })),
    );
    expect([mtcnn!.model.detector, yunet!.model.detector]).toEqual(["mtcnn", "yunet"]);
    expect(yunet!.model.fingerprint).not.toBe(mtcnn!.model.fingerprint);
    for (const { faces } of [mtcnn!, yunet!]) {
      expect(faces).toHaveLength(2);
      for (const { landmarks } of faces) expect(landmarks!.leftEye.x).toBeLessThan(landmarks!.rightEye.x);
    }
    expect((await resultOf({ task: "detect", image: two })).model.detector).toBe("mtcnn");
  });

  it("embeds each face in 512 numbers of length 1, or the same in base64", async () => {
    const float = (await resultOf({ task: "embed", image: two })).faces.map(({ embedding }) => embedding as number[]);
    expect(float.map(({ length }) => length)).toEqual([512, 512]);
    for (const embedding of float) expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
    const { faces } = await resultOf({ task: "embed", image: two, options: { embeddingFormat: "base64" } });
    const decoded = faces.map(({ embedding }) => floatsOf(embedding as string));
    for (const [index, embedding] of decoded.entries()) {
      expect(embedding).toHaveLength(512);
      for (const [i, value] of embedding.entries()) expect(value).toBeCloseTo(float[index]![i]!, 4);
    }
  });

  it("verifies: whether two images show the same person, by the nearest face of the second", async () => {
    const same = await verified([one, one]);
    expect(same).toMatchObject({ match: true, threshold: 1, model: { dimensions: 512 } });
    expect(same.euclideanDistance).toBeLessThan(0.01);
    expect(same.cosineSimilarity).toBeGreaterThan(0.999);
    const other = await verified([one, two]);
    const { similarity, cosineSimilarity, euclideanDistance, match, threshold } = other;
    expect(similarity).toBeCloseTo((cosineSimilarity + 1) / 2, 6);
    expect(euclideanDistance ** 2).toBeCloseTo(2 - 2 * cosineSimilarity, 5);
    expect(match).toBe(euclideanDistance < threshold);
    expect(other.faces).toHaveLength(2);
    expect(other.faceCounts).toEqual([1, 2]);
    const [candidate] = other.candidates!;
    expect(candidate!.euclideanDistance).toBeGreaterThan(euclideanDistance);
    const places = [other.faces[1]!, candidate!.face].map(({ box }) => box.x).sort((a, b) => a - b);
    const found = (await resultOf({ task: "detect", image: two })).faces.map(({ box }) => box.x).sort((a, b) => a - b);
    for (const [index, place] of places.entries()) expect(place).toBeCloseTo(found[index]!, 0);
  });

  it("fails when an image to verify shows nobody", async () => {
    const nobody = await putPhoto(await emptyImage());
    const job = await acme.finished(acme.submit({ task: "verify", images: [one, nobody] }));
    expect(job).toMatchObject({ state: "failed", error: { code: "no_face_detected", status: 400, retryable: false } });
    expect(job).not.toHaveProperty("result");
  });

  it("that finds nobody has succeeded, without faces", async () => {
    const result = await resultOf({ task: "embed", image: await putPhoto(await emptyImage()) });
    expect(result).toMatchObject({ faces: [], image: { width: 64, height: 64 } });
  });

  it("orders faces by prominence, by confidence or from left to right", async () => {
    const facesOf = async (order?: string) =>
      (await resultOf({ task: "detect", image: mirrored, ...(order && { options: { order } }) })).faces;
    const byDefault = await facesOf();
    expect(byDefault).toHaveLength(2);
    expect(byDefault).toEqual(await facesOf("prominence"));
    expect(byDefault).toEqual(falling(byDefault, (face) => prominence(face, { width: 800, height: 500 })));
    const fromLeft = await facesOf("left-to-right");
    expect(fromLeft).toEqual(falling(fromLeft, ({ box }) => -box.x));
    expect(fromLeft).toEqual([...byDefault].reverse());
    const surest = await facesOf("confidence");
    expect(surest).toEqual(falling(surest, ({ confidence }) => confidence));
  });

  it("drops faces past maxFaces, and says so", async () => {
    const all = (await resultOf({ task: "detect", image: two })).faces;
    const { faces, dropped } = await resultOf({ task: "detect", image: two, options: { maxFaces: 1 } });
    expect(faces.map(({ box }) => box)).toEqual([all[0]!.box]);
    expect(dropped).toEqual([{ box: all[1]!.box, confidence: all[1]!.confidence, reason: "over_limit" }]);
  });

  it.each([
    ["low_confidence", { minConfidence: 1 }],
    ["too_small", { minBoxSize: 2000 }],
    ["too_bright", { maxBrightness: 0 }],
    ["too_blurred", { minSharpness: 64 }],
  ])("drops a face as %s", async (reason, options) => {
    const { faces, dropped } = await resultOf({ task: "detect", image: one, options });
    expect(faces).toEqual([]);
    expect(dropped).toMatchObject([{ reason, confidence: expect.any(Number), box: { x: expect.any(Number) } }]);
  });

  it("looks for no faces smaller than minFaceSize", async () => {
    const { faces, dropped } = await resultOf({ task: "detect", image: one, options: { minFaceSize: 600 } });
    expect([faces, dropped]).toEqual([[], []]);
  });

  it.each([
    [{ landmarks: false }, ["box", "confidence", "quality"]],
    [{ quality: false }, ["box", "confidence", "landmarks"]],
    [{ landmarks: false, quality: false }, ["box", "confidence"]],
  ])("leaves out what %o does not want", async (options, fields) => {
    const { faces } = await resultOf({ task: "detect", image: one, options });
    expect(faces.map((face) => Object.keys(face).sort())).toEqual([fields]);
  });

  async function verified(images: object[]): Promise<VerifyResult> {
    const job = await elsewhere.finished(acme.submit({ task: "verify", images }));
    expect(job.state).toBe("succeeded");
    return job.result as VerifyResult;
  }
});

function floatsOf(base64: string): number[] {
  const bytes = Buffer.from(base64, "base64");
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(4 * index));
}

function emptyImage(): Promise<Buffer> {
  return sharp({ create: { width: 64, height: 64, channels: 3, background: "grey" } })
    .png()
    .toBuffer();
}

/** The box's area less twice the squared distance of its centre from the image's. */
function prominence({ box: { x, y, width, height } }: Face, image: { width: number; height: number }): number {
  const distance = Math.hypot(x + width / 2 - image.width / 2, y + height / 2 - image.height / 2);
  return width * height - 2 * distance ** 2;
}

function falling(faces: readonly Face[], by: (face: Face) => number): Face[] {
  return [...faces].sort((a, b) => by(b) - by(a));
}
