import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type {
  AnalysisResult,
  ExtractEmbeddingAnswer,
  Job,
  MatchResult,
  ModelsAnswer,
  Problem,
  Upload,
  VerifyResult,
} from "@facefleet/contracts";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type S3Server, startS3Server } from "../packages/platform/test/s3-server.js";
import { Fleet } from "./support/fleet.js";
import { drawnFaces, portrait, repository, twoPortraits } from "./support/test-data.js";

const analysis = (job: Job) => job.result as AnalysisResult;

describe("a face job", () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start();
  });
  afterAll(() => fleet?.stop());

  it("POST /extract-embedding answers 512 numbers of length 1", async () => {
    const answer = await fleet.postImage("/extract-embedding", await portrait());
    expect(answer.status).toBe(200);
    expect(answer.headers.get("server-timing")).toMatch(/queue;dur=.*detect;dur=.*embed;dur=/);
    const body = (await answer.json()) as ExtractEmbeddingAnswer;
    expect(Object.keys(body)).toEqual(["embedding", "dimensions", "confidence", "model"]);
    expect(body.dimensions).toBe(512);
    expect(body.embedding).toHaveLength(512);
    expect(Math.hypot(...body.embedding)).toBeCloseTo(1, 5);
    expect(body.confidence).toBeGreaterThan(0.99);
    expect(body.model).toBe("FaceNet (Inception ResNet V1)");
  });

  it("POST /extract-embedding answers what the README shows", async () => {
    const readme = await readFile(join(repository, "README.md"), "utf8");
    const [, shown] = /```json\n(\{"embedding":[^`]+)```/.exec(readme)!;
    const { embedding, ...rest } = JSON.parse(shown!.replace(/, \.\.\.509 more/, "")) as ExtractEmbeddingAnswer;
    const answer = await (await fleet.postImage("/extract-embedding", await portrait())).json();
    const first = embedding.map((value) => expect.closeTo(value, 4));
    expect(answer).toEqual({ ...rest, confidence: expect.closeTo(rest.confidence, 4), embedding: expect.any(Array) });
    expect((answer as ExtractEmbeddingAnswer).embedding.slice(0, first.length)).toEqual(first);
    expect(first).toHaveLength(3);
  });

  it("POST /detect-face counts the faces, or says that there is none", async () => {
    const two = await (await fleet.postImage("/detect-face", await twoPortraits())).json();
    expect(two).toEqual({
      face_detected: true,
      num_faces: 2,
      confidence: expect.closeTo(1, 1),
      message: "Found 2 face(s)",
    });
    const blank = await sharp({ create: { width: 80, height: 60, channels: 3, background: "#777" } })
      .png()
      .toBuffer();
    const none = await fleet.postImage("/detect-face", blank);
    expect(none.status).toBe(200);
    expect(await none.json()).toEqual({
      face_detected: false,
      num_faces: 0,
      confidence: 0,
      message: "No face detected",
    });
    const refused = await fleet.postImage("/extract-embedding", blank);
    expect(refused.status).toBe(400);
    expect(((await refused.json()) as Problem).code).toBe("no_face_detected");
  });

  it("finds the face where it was drawn", async () => {
    const job = await fleet.finished(fleet.postImage("/v1/jobs", await portrait(), { task: "detect" }));
    const [drawn] = (await drawnFaces()).portrait;
    const { faces, image } = analysis(job);
    expect(faces).toHaveLength(1);
    expect(image.format).toBe("png");
    const side = Math.max(faces[0]?.box.width ?? 0, faces[0]?.box.height ?? 0);
    for (const point of ["leftEye", "rightEye", "nose", "mouthLeft", "mouthRight"] as const) {
      const found = faces[0]?.landmarks?.[point];
      const wanted = drawn?.landmarks[point];
      expect(Math.hypot((found?.x ?? 0) - (wanted?.x ?? 0), (found?.y ?? 0) - (wanted?.y ?? 0))).toBeLessThan(
        side / 10,
      );
    }
  });

  it("lives from submission to erasure", async () => {
    const submitted = await fleet.postImage("/v1/jobs", await portrait(), {
      task: "embed",
      metadata: { album: "tests" },
      options: { embeddingFormat: "base64" },
    });
    expect(submitted.status).toBe(202);
    const { id } = (await submitted.clone().json()) as Job;
    expect(submitted.headers.get("location")).toBe(`/v1/jobs/${id}`);
    const job = await fleet.finished(submitted);
    expect(job).toMatchObject({ id, task: "embed", state: "succeeded", attempts: 1, metadata: { album: "tests" } });
    const bytes = Buffer.from(String(analysis(job).faces[0]?.embedding), "base64");
    expect(bytes).toHaveLength(2048);
    await expect.poll(() => fleet.uploads()).toEqual([]);
    expect((await fleet.delete(`/v1/jobs/${id}`)).status).toBe(204);
    expect((await fleet.get(`/v1/jobs/${id}`)).status).toBe(404);
  });

  it("verifies two uploads", async () => {
    const upload = async (bytes: Uint8Array) => {
      const asked = await fleet.postJson("/v1/uploads", { contentType: "image/png", size: bytes.length });
      const { id, url, method, headers } = (await asked.json()) as Upload;
      const put = await fetch(url, { method, headers, body: Uint8Array.from(bytes) });
      expect(put.ok).toBe(true);
      return { upload: id };
    };
    const whole = await portrait();
    const smaller = await sharp(whole).resize(300).png().toBuffer();
    const images = [await upload(whole), await upload(smaller)];
    const job = await fleet.finished(fleet.postJson("/v1/jobs", { task: "verify", images }));
    const { match, euclideanDistance, faces, threshold } = job.result as VerifyResult;
    expect(match).toBe(true);
    expect(euclideanDistance).toBeLessThan(threshold);
    expect(faces).toHaveLength(2);
    await expect.poll(() => fleet.uploads()).toEqual([]);
  });

  it("matches a portrait in JSON with images and an embedding", async () => {
    const data = (await portrait()).toString("base64");
    const mirrored = await sharp(await portrait())
      .flop()
      .jpeg()
      .toBuffer();
    const analysed = await fleet.postJson("/v1/analyse", {
      task: "embed",
      image: { data: mirrored.toString("base64") },
    });
    const { faces, model } = (await analysed.json()) as AnalysisResult;
    const known = { embedding: faces[0]!.embedding, fingerprint: model.fingerprint };
    const pair = { data: `data:image/png;base64,${(await twoPortraits()).toString("base64")}` };
    const gallery = [pair, { s3: { bucket: "local", key: "absent.jpg" } }, known];
    const job = await fleet.finished(fleet.postJson("/v1/jobs", { task: "match", probe: { data }, gallery }));
    const { probe, matches, failed, model: made } = job.result as MatchResult;
    expect(probe.faceCount).toBe(1);
    expect(matches.map(({ index }) => index).sort()).toEqual([0, 2]);
    expect(matches.find(({ index }) => index === 2)).toMatchObject({ match: true });
    expect(matches.find(({ index }) => index === 0)).toMatchObject({ faceCount: 2 });
    expect(failed).toMatchObject([{ index: 1, error: { code: "image_not_found" } }]);
    expect(made).toEqual(model);
    await expect.poll(() => fleet.uploads()).toEqual([]);
  });

  it("is counted by the API and described by its documents", async () => {
    const metrics = await (await fleet.get("/metrics")).text();
    expect(metrics).toMatch(/facefleet_jobs_submitted_total\{task="embed",priority="interactive"\} [1-9]/);
    expect(metrics).toMatch(/facefleet_queue_jobs\{state="waiting"\} 0/);
    const openapi = (await (await fleet.get("/openapi.json")).json()) as { openapi: string; paths: object };
    expect(openapi.openapi).toMatch(/^3\.1/);
    expect(Object.keys(openapi.paths)).toContain("/v1/jobs/{id}");
    expect(await (await fleet.get("/docs/")).text()).toMatch(/swagger/i);
    const models = (await (await fleet.get("/v1/models")).json()) as ModelsAnswer;
    expect(models.workers).toMatchObject([{ engine: "onnx-cpu", device: "cpu", model: { dimensions: 512 } }]);
  });
});

describe("images in S3", () => {
  let s3: S3Server;
  let fleet: Fleet;

  beforeAll(async () => {
    s3 = await startS3Server();
    fleet = await Fleet.start({
      S3_ENDPOINT: s3.endpoint,
      S3_PUBLIC_ENDPOINT: s3.endpoint,
      S3_BUCKET: s3.bucket,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    });
  });
  afterAll(async () => {
    await fleet?.stop();
    await s3?.stop();
  });

  it("are analysed by reference, and uploads are presigned", async () => {
    const bytes = await portrait();
    const asked = await fleet.postJson("/v1/uploads", { contentType: "image/png", size: bytes.length });
    const { id, url, method, headers } = (await asked.json()) as Upload;
    expect(url).toContain(s3.endpoint);
    expect((await fetch(url, { method, headers, body: Uint8Array.from(bytes) })).status).toBe(200);
    const job = await fleet.finished(fleet.postJson("/v1/jobs", { task: "embed", image: { upload: id } }));
    expect(analysis(job).faces).toHaveLength(1);
  });

  it("that do not exist fail their job, and forbidden buckets are refused at once", async () => {
    const missing = { task: "detect", image: { s3: { bucket: s3.bucket, key: "nowhere.jpg" } } };
    const job = await fleet.finished(fleet.postJson("/v1/jobs", missing));
    expect(job).toMatchObject({ state: "failed", error: { code: "image_not_found", retryable: false } });
    expect(job.attempts).toBe(1);
    const foreign = { task: "detect", image: { s3: { bucket: "someone-elses", key: "a.jpg" } } };
    const refused = await fleet.postJson("/v1/jobs", foreign);
    expect(refused.status).toBe(403);
    expect(((await refused.json()) as Problem).code).toBe("bucket_forbidden");
  });
});
