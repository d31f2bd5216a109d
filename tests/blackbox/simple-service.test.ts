import type {
  CompareFacesAnswer,
  DetectFaceAnswer,
  ExtractEmbeddingAnswer,
  HealthAnswer,
  JobList,
  ProblemCode,
} from "@facefleet/contracts";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.js";
import { noPhotos, oddImage, photo, portrait, skipped, twoPortraits } from "../support/test-data.js";
import { Caller, expectProblem } from "./caller.js";

const acme = new Caller("acme");
const elsewhere = new Caller("acme", 1);
const nobody = new Caller("nobody");

const model = "FaceNet (Inception ResNet V1)";
const imageEndpoints = ["/detect-face", "/extract-embedding"];
const stages = "queue, fetch, decode, detect, embed";

const noFaces = () =>
  sharp({ create: { width: 80, height: 60, channels: 3, background: "teal" } })
    .png()
    .toBuffer();

describe("the simple service", () => {
  it("GET /health says that images can be analysed, to everybody", async () => {
    for (const caller of [nobody, acme, elsewhere]) {
      const { status, body } = await caller.get<HealthAnswer>("/health");
      expect(status).toBe(200);
      expect(body).toEqual({ status: "healthy", service: "facefleet", model, embedding_dimensions: 512 });
    }
  });

  describe("POST /detect-face", () => {
    it("says how many faces there are, and how sure that is", async () => {
      const { status, body, headers } = await acme.sendImage<DetectFaceAnswer>("/detect-face", await portrait());
      expect(status).toBe(200);
      const { confidence } = body;
      expect(body).toEqual({ face_detected: true, num_faces: 1, confidence, message: "Found 1 face(s)" });
      expect(confidence).toBeGreaterThan(0.9);
      expect(confidence).toBeLessThanOrEqual(1);
      expect(stagesOf(headers)).toBe(stages);
    });

    it("counts every face", async () => {
      const { body } = await elsewhere.sendImage<DetectFaceAnswer>("/detect-face", await twoPortraits());
      expect(body).toMatchObject({ face_detected: true, num_faces: 2, message: "Found 2 face(s)" });
    });

    it("answers 200 as well when there is none", async () => {
      const { status, body } = await acme.sendImage<DetectFaceAnswer>("/detect-face", await noFaces());
      expect(status).toBe(200);
      expect(body).toEqual({ face_detected: false, num_faces: 0, confidence: 0, message: expect.any(String) });
    });
  });

  describe("POST /extract-embedding", () => {
    it("embeds the most prominent face", async () => {
      const { status, body, headers } = await acme.sendImage<ExtractEmbeddingAnswer>(
        "/extract-embedding",
        await twoPortraits(),
      );
      expect(status).toBe(200);
      expect(Object.keys(body).sort()).toEqual(["confidence", "dimensions", "embedding", "model"]);
      expect(body).toMatchObject({ dimensions: 512, model });
      expect(body.embedding).toHaveLength(512);
      expect(Math.hypot(...body.embedding)).toBeCloseTo(1, 5);
      expect(stagesOf(headers)).toBe(stages);
      const left = await sharp(await twoPortraits())
        .extract({ left: 0, top: 0, width: 400, height: 500 })
        .png()
        .toBuffer();
      const alone = await elsewhere.sendImage<ExtractEmbeddingAnswer>("/extract-embedding", left);
      expect((await compare(body.embedding, alone.body.embedding)).body.match).toBe(true);
    });

    it("answers 400 when there is no face", async () => {
      expectProblem(await acme.sendImage("/extract-embedding", await noFaces()), 400, "no_face_detected");
    });
  });

  describe.each(imageEndpoints)("POST %s", (path) => {
    it("wants a key", async () => {
      expectProblem(await nobody.sendImage(path, await portrait()), 401, "unauthorized");
    });

    it.each<[what: string, image: () => Promise<Buffer> | Buffer, status: number, code: ProblemCode]>([
      ["no bytes", () => Buffer.alloc(0), 400, "empty_image"],
      ["text", () => Buffer.from("a".repeat(500)), 415, "unsupported_image_format"],
      [
        "a drawing in SVG",
        () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
        415,
        "unsupported_image_format",
      ],
      ["half an image", async () => (await portrait()).subarray(0, 20_000), 422, "image_undecodable"],
      ["more than 20 MiB", () => Buffer.alloc(20 * 1024 * 1024 + 1), 413, "image_too_large"],
      ["too many pixels", () => flat(10_000, 7000), 413, "image_too_large"],
    ])("refuses %s", async (_what, image, status, code) => {
      expectProblem(await acme.sendImage(path, await image()), status, code);
    });

    it("refuses what is no form with an image", async () => {
      const text = new FormData();
      text.append("image", "a.png");
      const other = new FormData();
      other.append("photo", new Blob([Uint8Array.from(await portrait())]));
      for (const form of [text, other]) expectProblem(await acme.call("POST", path, { form }), 400, "missing_image");
      expectProblem(await acme.post(path, { image: "a.png" }), 400, "invalid_request");
      expectProblem(await acme.call("POST", path), 415, "unsupported_media_type");
      expectProblem(await acme.sendImage(path, await portrait(), { job: {} }), 400, "invalid_request");
    });

    it("leaves no job behind", async () => {
      const narrow = new Caller("narrow");
      const jobs = async () => (await narrow.get<JobList>("/v1/jobs?limit=100")).body.jobs.map(({ id }) => id);
      const before = await jobs();
      expect((await narrow.sendImage(path, await portrait())).status).toBe(200);
      await eventually(async () => (await jobs()).every((id) => before.includes(id)));
    });

    describe.skipIf(skipped("black-box tests of odd images at the simple endpoints", noPhotos))("with photos", () => {
      it.each<[name: string, status: number, code: ProblemCode]>([
        ["github_47.heic", 415, "unsupported_image_format"],
        ["truncated.png", 422, "image_undecodable"],
        ["17000x17000.avif", 413, "image_too_large"],
        ["corrupt-header.jpg", 422, "image_undecodable"],
      ])("refuses %s", async (name, status, code) => {
        expectProblem(await acme.sendImage(path, await oddImage(name)), status, code);
      });

      it("reads the photo of a person", async () => {
        const { status, body } = await acme.sendImage<DetectFaceAnswer>(path, await photo("single-small.jpg"));
        expect([status, body.confidence > 0.9]).toEqual([200, true]);
      });
    });
  });

  describe("POST /compare-faces", () => {
    it("compares a vector with itself, whatever their lengths", async () => {
      const { status, body } = await compare(axis(0), axis(0, 7));
      expect(status).toBe(200);
      expect(body).toEqual({ similarity: 1, cosine_similarity: 1, euclidean_distance: 0, match: true });
    });

    it.each([
      [0.95, true],
      [0.51, true],
      [0.49, false],
      [0.41, false],
      [0, false],
      [-1, false],
    ])("lets the distance decide: at the cosine %d, %s", async (cosine, match) => {
      const { body } = await compare(axis(0), at(cosine));
      expect(body.match).toBe(match);
      expect(body.cosine_similarity).toBeCloseTo(cosine, 6);
      expect(body.similarity).toBeCloseTo((cosine + 1) / 2, 6);
      expect(body.euclidean_distance).toBeCloseTo(Math.sqrt(2 - 2 * cosine), 6);
    });

    it.each([
      ["511 numbers", axis(0).slice(1)],
      ["513 numbers", [...axis(0), 0]],
      ["no numbers", []],
      ["the zero vector", axis(0, 0)],
      ["numbers whose squares overflow", axis(0, 1e200)],
    ])("refuses %s, on either side", async (_what, vector) => {
      for (const pair of [
        [vector, axis(0)],
        [axis(0), vector],
      ] as const) {
        expectProblem(await compare(...pair), 400, "invalid_embedding");
      }
    });

    it("refuses numbers that are not finite, or none", async () => {
      const vector = JSON.stringify(axis(1));
      for (const number of ["1e999", "-1e999", "null", '"1"', "true"]) {
        const text = `{"embedding1":${vector},"embedding2":${vector.replace("1", number)}}`;
        const answer = await acme.call("POST", "/compare-faces", {
          text,
          headers: { "content-type": "application/json" },
        });
        expectProblem(answer, 400, "invalid_request");
      }
      const text = `{"embedding1":${vector},"embedding2":${vector.replace("1", "NaN")}}`;
      const answer = await acme.call("POST", "/compare-faces", {
        text,
        headers: { "content-type": "application/json" },
      });
      expectProblem(answer, 400, "malformed_json");
    });

    it("refuses other bodies, and callers without a key", async () => {
      expectProblem(await acme.post("/compare-faces", { embedding1: axis(0) }), 400, "invalid_request");
      expectProblem(await acme.post("/compare-faces", []), 400, "invalid_request");
      const body = { embedding1: axis(0), embedding2: axis(0) };
      expectProblem(await acme.post("/compare-faces", { ...body, threshold: 2 }), 400, "invalid_request");
      expectProblem(await acme.call("POST", "/compare-faces", { text: "x" }), 415, "unsupported_media_type");
      expectProblem(await nobody.post("/compare-faces", body), 401, "unauthorized");
    });

    it("refuses embeddings that different models made", async () => {
      const body = { embedding1: axis(0), embedding2: axis(0), fingerprint1: "a" };
      expect((await acme.post("/compare-faces", { ...body, fingerprint2: "a" })).status).toBe(200);
      expectProblem(await acme.post("/compare-faces", { ...body, fingerprint2: "b" }), 422, "fingerprint_mismatch");
    });
  });

  it("agrees with the jobs: the same face is the same, and another is another", async () => {
    const embed = async (image: Buffer, caller: Caller) => {
      const { body, headers } = await caller.sendImage<ExtractEmbeddingAnswer>("/extract-embedding", image);
      return { embedding: body.embedding, fingerprint: headers.get("x-model-fingerprint") };
    };
    const [first, again] = [await embed(await portrait(), acme), await embed(await portrait(), elsewhere)];
    const { match, euclidean_distance: distance } = (await compare(first.embedding, again.embedding)).body;
    expect([match, distance < 1e-3]).toEqual([true, true]);
    expect(first.fingerprint).toMatch(/\S/);
    expect(again.fingerprint).toBe(first.fingerprint);
  });
});

function compare(embedding1: readonly number[], embedding2: readonly number[]) {
  return acme.post<CompareFacesAnswer>("/compare-faces", { embedding1, embedding2 });
}

function axis(index: number, length = 1): number[] {
  return Array.from({ length: 512 }, (_, i) => (i === index ? length : 0));
}

/** A unit vector whose cosine with the first axis is so. */
function at(cosine: number): number[] {
  return axis(0, cosine).map((value, index) => (index === 1 ? Math.sqrt(1 - cosine ** 2) : value));
}

function flat(width: number, height: number): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: "teal" } })
    .png()
    .toBuffer();
}

/** The names that `Server-Timing` tells the durations of. */
function stagesOf(headers: Headers): string {
  const timings = (headers.get("server-timing") ?? "").split(", ");
  for (const timing of timings) expect(timing).toMatch(/^\w+;dur=\d+(\.\d+)?$/);
  return timings.map((timing) => timing.split(";", 1)[0]).join(", ");
}
