import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type AnalysisResult,
  type Box,
  defaultTenant,
  type FaceJobPayload,
  type ImageRef,
  Job,
  type VerifyResult,
} from "@facefleet/contracts";
import {
  createObjectStore,
  FaceJobs,
  itemEnds,
  type ObjectStore,
  OwnObjects,
  UploadRegistry,
} from "@facefleet/platform";
import sharp from "sharp";
import { Value } from "typebox/value";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DrawnImage } from "../../../tests/support/drawn-images.js";
import { noPhotos, photo, skipped } from "../../../tests/support/test-data.js";
import { startWorker, type Worker } from "../src/app.js";
import { drawn, type Fleet, isolatedFleet, payload, quiet } from "./environment.js";

describe("a worker on the built-in pack", () => {
  let fleet: Fleet;
  let store: ObjectStore;
  let own: OwnObjects;
  let uploads: UploadRegistry;
  let jobs: FaceJobs;
  let worker: Worker;

  beforeAll(async () => {
    fleet = await isolatedFleet({ EGRESS_ALLOW: "127.0.0.1" });
    store = createObjectStore(fleet.config);
    uploads = new UploadRegistry(fleet.redis);
    own = new OwnObjects(store, () => uploads.secret());
    jobs = new FaceJobs(fleet.redis, { items: itemEnds, logger: quiet, store });
    worker = await startWorker(fleet.config, quiet);
    await worker.ready;
  }, 120_000);

  afterAll(async () => {
    await worker.stop("the tests are over");
    await store.close();
    await fleet.remove();
  });

  async function upload(bytes: Uint8Array): Promise<{ upload: string }> {
    const id = randomBytes(16).toString("hex");
    await uploads.announce(id, { tenant: defaultTenant, bytes: 1 });
    await own.upload(id).put(bytes, { maxBytes: 20_000_000 });
    return { upload: id };
  }

  const uploadPhoto = async (name: DrawnImage) => upload(await drawn(name));

  async function stored(key: string, bytes: Uint8Array): Promise<ImageRef> {
    const ref = { bucket: store.defaultBucket, key };
    await store.put(ref, bytes, { maxBytes: 20_000_000 });
    return { s3: ref };
  }

  async function finished(job: FaceJobPayload): Promise<Job> {
    const { job: submitted } = await jobs.submit(job, { priority: "normal" });
    const ended = await jobs.waitUntilEnded(defaultTenant, submitted.id, 30_000);
    expect(Value.Errors(Job, ended)).toEqual([]);
    return ended as Job;
  }

  const failed = async (job: FaceJobPayload) => {
    const { state, error } = await finished(job);
    expect(state).toBe("failed");
    return error;
  };

  test("detects", async () => {
    const { state, result, attempts } = await finished(payload("detect", [await uploadPhoto("twoFaces")]));
    const { faces, model, timings } = result as AnalysisResult;
    expect(state).toBe("succeeded");
    expect(attempts).toBe(1);
    expect(faces).toHaveLength(2);
    expect(faces[0]).not.toHaveProperty("embedding");
    expect(faces[0]).toHaveProperty("landmarks.nose.x");
    expect(faces[0]).toHaveProperty("quality.pose.yaw");
    expect(model).toMatchObject({ pack: "facenet-20180402-114759-int8", dimensions: 512 });
    expect(timings.detectMs).toBeGreaterThan(0);
  });

  test("embeds, as numbers and as base64 alike", async () => {
    const image = await stored("photos/one.jpg", await drawn("oneFace"));
    const [asFloats, asBase64] = await Promise.all(
      (["float", "base64"] as const).map(async (embeddingFormat) => {
        const job = await finished(payload("embed", [image], { embeddingFormat, landmarks: false }));
        return (job.result as AnalysisResult).faces[0]!;
      }),
    );
    expect(asFloats).not.toHaveProperty("landmarks");
    const bytes = Buffer.from(asBase64!.embedding as string, "base64");
    const decoded = Array.from({ length: 512 }, (_, index) => bytes.readFloatLE(4 * index));
    const given = (asFloats!.embedding as number[]).map(Math.fround);
    const dot = decoded.reduce((sum, value, index) => sum + value * given[index]!, 0);
    expect(dot).toBeCloseTo(1, 5);
    await expect(store.head({ bucket: store.defaultBucket, key: "photos/one.jpg" })).resolves.toBeDefined();
  });

  const verify = async (...images: readonly Uint8Array[]) => {
    const job = payload("verify", await Promise.all(images.map((bytes) => upload(bytes))));
    return (await finished(job)).result as VerifyResult;
  };

  /** Each face of a picture, cut out with what is around it, is looked for in the picture: it is found in its own place. */
  async function expectEachFound(picture: Buffer, people: number) {
    const { faces } = (await finished(payload("detect", [await upload(picture)]))).result as AnalysisResult;
    expect(faces).toHaveLength(people);
    for (const { box } of faces) {
      const found = await verify(await cutOut(picture, box), picture);
      expect(found.decision).toBe("match");
      expect(found.faceCounts![1]).toBe(people);
      expect(found.candidates).toHaveLength(people - 1);
      expect(Math.abs(found.faces[1]!.box.x - box.x)).toBeLessThan(box.width / 4);
      expect(Math.abs(found.faces[1]!.box.y - box.y)).toBeLessThan(box.height / 4);
    }
  }

  async function cutOut(picture: Buffer, { x, y, width, height }: Box): Promise<Buffer> {
    const around = 0.4 * height;
    const { width: right = 0, height: bottom = 0 } = await sharp(picture).metadata();
    const [left, top] = [Math.max(0, Math.round(x - around)), Math.max(0, Math.round(y - around))];
    const region = {
      left,
      top,
      width: Math.min(right - left, Math.round(width + 2 * around)),
      height: Math.min(bottom - top, Math.round(height + 2 * around)),
    };
    return sharp(picture).extract(region).png().toBuffer();
  }

  test("finds each of two people in their picture", async () => {
    await expectEachFound(await drawn("twoFaces"), 2);
  });

  test.skipIf(skipped("people of a group photo", noPhotos))("finds each of six people in their photo", async () => {
    await expectEachFound(await photo("group-six.jpg"), 6);
  });

  test("verifies: a photo matches itself, scaled", async () => {
    const same = await verify(await drawn("oneFaceSmall"), await drawn("oneFace"));
    expect(same.match).toBe(true);
    expect(same.faces).toHaveLength(2);
    expect(same.faces[0]?.embedding).toHaveLength(512);
    expect(same.decision).toBe("match");
    expect(same.uncertainBand.from).toBeLessThanOrEqual(same.threshold);
    expect(same.uncertainBand.to).toBeGreaterThanOrEqual(same.threshold);
  });

  // Drawn faces look alike to a network that was shown people.
  test.skipIf(skipped("verifying strangers", noPhotos))("verifies: no stranger matches", async () => {
    const strangers = await verify(await photo("portrait-a.jpg"), await photo("person-d-1.jpg"));
    expect(strangers.match).toBe(false);
    expect(strangers.decision).toBe("no_match");
    expect(strangers.euclideanDistance).toBeGreaterThan(strangers.threshold);
  });

  test("high embeddings are others, and say so by their fingerprint", async () => {
    const embedded = async (embedding: "standard" | "high") => {
      const { result } = await finished(payload("embed", [await uploadPhoto("oneFace")], { embedding }));
      return result as AnalysisResult;
    };
    const [standard, high] = [await embedded("standard"), await embedded("high")];
    expect(high.model.fingerprint).not.toBe(standard.model.fingerprint);
    expect({ ...high.model, fingerprint: "" }).toEqual({ ...standard.model, fingerprint: "" });
    expect(high.faces[0]?.box).toEqual(standard.faces[0]?.box);
    expect(high.faces[0]?.embedding).toHaveLength(512);
    expect(high.faces[0]?.embedding).not.toEqual(standard.faces[0]?.embedding);
  });

  test("a verification with high embeddings names their fingerprint", async () => {
    const images = [await uploadPhoto("oneFaceSmall"), await uploadPhoto("oneFace")];
    const verified = (await finished(payload("verify", images, { embedding: "high" }))).result as VerifyResult;
    const embedded = await finished(payload("embed", [await uploadPhoto("oneFace")], { embedding: "high" }));
    expect(verified.decision).toBe("match");
    expect(verified.model).toEqual((embedded.result as AnalysisResult).model);
  });

  test("analyses the image at a URL, wherever that is opened to it", async () => {
    const bytes = await drawn("twoFaces");
    const server = createServer((_, response) => response.end(bytes)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { state, result } = await finished(payload("detect", [{ url: `http://127.0.0.1:${port}/two-people.jpg` }]));
    expect(state).toBe("succeeded");
    expect((result as AnalysisResult).faces).toHaveLength(2);
    const elsewhere = await finished(payload("detect", [{ url: `http://127.0.0.2:${port}/two-people.jpg` }]));
    expect(elsewhere).toMatchObject({ state: "failed", attempts: 1, error: { code: "url_forbidden" } });
    const page = await metrics();
    expect(page).toContain('facefleet_egress_requests_total{purpose="image",outcome="answered"} 1');
    expect(page).toContain('facefleet_egress_requests_total{purpose="image",outcome="forbidden"} 1');
    server.close();
  });

  test("says which image of a verification has no face", async () => {
    const images = [await uploadPhoto("oneFace"), await uploadPhoto("noFace")];
    expect(await failed(payload("verify", images))).toMatchObject({
      code: "no_face_detected",
      detail: "No face was found in image 2 of 2.",
    });
  });

  test("says why a verification has no face to use, though one was found", async () => {
    const images = [await uploadPhoto("oneFace"), await uploadPhoto("oneFace")];
    expect(await failed(payload("verify", images, { minSharpness: 64 }))).toMatchObject({
      code: "no_face_detected",
      detail: [1, 2]
        .map((image) => `No face was found in image ${image} of 2. Faces were left out: too_blurred.`)
        .join(" "),
    });
  });

  test("an image without a face is no failure of a detection", async () => {
    const { state, result } = await finished(payload("detect", [await uploadPhoto("noFace")]));
    expect(state).toBe("succeeded");
    expect((result as AnalysisResult).faces).toEqual([]);
  });

  test("fails with the image's problem, at the first attempt", async () => {
    const s3 = (key: string, bucket = store.defaultBucket) => [{ s3: { bucket, key } }];
    expect(await failed(payload("detect", s3("missing.jpg")))).toMatchObject({ code: "image_not_found" });
    expect(await failed(payload("detect", s3("uploads/abc")))).toMatchObject({ code: "bucket_forbidden" });
    const gone = [{ upload: "0".repeat(32) }];
    expect(await failed(payload("detect", gone))).toMatchObject({ code: "upload_not_found" });
    const text = await upload(await drawn("text"));
    expect(await failed(payload("detect", [text]))).toMatchObject({ code: "unsupported_image_format" });
  });

  test("a broken image among good ones fails alone", async () => {
    const good = await drawn("oneFace");
    const bad = await drawn("cutShort");
    const ended = await Promise.all(
      [good, good, bad, good, good].map(async (bytes) => finished(payload("detect", [await upload(bytes)]))),
    );
    expect(ended.map(({ state }) => state)).toEqual(["succeeded", "succeeded", "failed", "succeeded", "succeeded"]);
    expect(ended[2]).toMatchObject({ attempts: 1, error: { code: "image_undecodable" } });
  });

  test("deletes uploads when their job has ended, however it ended", async () => {
    const good = await uploadPhoto("oneFace");
    const bad = await upload(await drawn("cutShort"));
    await Promise.all([finished(payload("detect", [good])), finished(payload("detect", [bad]))]);
    await expect.poll(() => own.upload(good.upload).head()).toBeUndefined();
    await expect.poll(() => own.upload(bad.upload).head()).toBeUndefined();
  });

  test("lets go of a job that is canceled while it runs", async () => {
    const { job } = await jobs.submit(payload("detect", [await uploadPhoto("crowd")]), { priority: "normal" });
    await expect.poll(async () => (await jobs.find(defaultTenant, job.id))?.state, { interval: 10 }).toBe("active");
    await jobs.cancel(defaultTenant, job.id);
    expect((await jobs.find(defaultTenant, job.id))?.state).toBe("canceled");
    const inFlight = async () => /^facefleet_jobs_in_flight (\d+)$/m.exec(await metrics())?.[1];
    await expect.poll(inFlight).toBe("0");
    expect((await jobs.find(defaultTenant, job.id))?.state).toBe("canceled");
  });

  const metrics = async () => await (await fetch(`${worker.address}/metrics`)).text();

  test("tells its state and its numbers", async () => {
    const ready = await fetch(`${worker.address}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({
      status: "ok",
      checks: { queue: "ok", store: "ok", engine: "ok", jobs: "ok", webhooks: "ok" },
    });
    expect((await fetch(`${worker.address}/livez`)).status).toBe(200);
    await finished(payload("embed", [await uploadPhoto("oneFace")]));
    const text = await metrics();
    expect(text).toMatch(/^facefleet_jobs_total\{task="embed",state="succeeded",code=""\} [1-9]/m);
    expect(text).toMatch(
      /^facefleet_engine_info\{engine="onnx-cpu",device="cpu",arithmetic="[^"]+",pack="[^"]+"\} 1$/m,
    );
    for (const stage of ["queue", "fetch", "memory", "decode", "pyramid", "detect", "align", "embed", "store"]) {
      expect(text).toMatch(new RegExp(`^facefleet_job_stage_seconds_count\\{stage="${stage}"\\} [1-9]`, "m"));
    }
    expect(text).toMatch(/^facefleet_batch_size_count\{stage="propose"\} [1-9]/m);
    expect(text).toMatch(/^facefleet_batch_fill_ratio_count\{stage="propose"\} [1-9]/m);
    expect(text).toMatch(/^facefleet_batch_oom_splits_total\{stage="propose"\} 0$/m);
    expect(text).not.toMatch(/^facefleet_inference_tensor/m);
    expect(await jobs.workers()).toMatchObject([{ engine: "onnx-cpu", device: "cpu" }]);
  });

  test("accounts for all of a job's time, by stages that do not overlap", async () => {
    const secondsOfStages = async () => {
      const sums = (await metrics()).matchAll(/^facefleet_job_stage_seconds_sum\{stage="\w+"\} (\S+)$/gm);
      return [...sums].reduce((sum, [, seconds]) => sum + Number(seconds), 0);
    };
    const before = await secondsOfStages();
    const { createdAt, finishedAt } = await finished(payload("embed", [await uploadPhoto("twoFaces")]));
    const took = (Date.parse(finishedAt ?? "") - Date.parse(createdAt)) / 1000;
    const accounted = (await secondsOfStages()) - before;
    // Besides: what passes between the processes, and the outcome, which is stored after the job's end.
    expect(accounted).toBeGreaterThan(0.7 * took - 0.05);
    expect(accounted).toBeLessThan(took + 0.05);
  });
});
