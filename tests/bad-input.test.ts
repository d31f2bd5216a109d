import type { Problem } from "@facefleet/contracts";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Fleet } from "./support/fleet.js";
import { portrait } from "./support/test-data.js";

const text = Buffer.from("This is a letter, not a photo.\n");
const json = (body: string) => ({ method: "POST", headers: { "content-type": "application/json" }, body });

async function jpeg(): Promise<Buffer> {
  return sharp(await portrait())
    .jpeg()
    .toBuffer();
}

async function bomb(): Promise<Buffer> {
  const create = { width: 20_000, height: 20_000, channels: 3, background: "#fff" } as const;
  return sharp({ create, limitInputPixels: false }).png({ compressionLevel: 9 }).toBuffer();
}

describe("bad input", () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await Fleet.start();
  });
  afterAll(() => fleet?.stop());

  afterEach(async () => {
    // Whatever came, the service goes on and keeps nothing of it.
    const answer = await fleet.postImage("/detect-face", await portrait());
    expect(await answer.json()).toMatchObject({ num_faces: 1 });
    await expect.poll(() => fleet.uploads()).toEqual([]);
  });

  const postForm = (...parts: [name: string, value: string | Blob][]) => {
    const form = new FormData();
    for (const [name, value] of parts) form.append(name, value);
    return fetch(`${fleet.url}/extract-embedding`, { method: "POST", body: form });
  };
  const post = (path: string, init: RequestInit) => fetch(fleet.url + path, init);

  it.each<[what: string, status: number, code: Problem["code"], send: () => Promise<Response>]>([
    ["an empty body", 415, "unsupported_media_type", () => post("/extract-embedding", { method: "POST" })],
    ["a form without an image", 400, "missing_image", () => postForm(["note", "hello"])],
    ["a form with another file", 400, "missing_image", () => postForm(["photo", new Blob(["x"])])],
    ["an image of 0 bytes", 400, "empty_image", () => fleet.postImage("/extract-embedding", Buffer.alloc(0))],
    ["text named .jpg", 415, "unsupported_image_format", () => fleet.postImage("/extract-embedding", text)],
    [
      "a JPEG cut short",
      422,
      "image_undecodable",
      async () => fleet.postImage("/extract-embedding", (await jpeg()).subarray(0, 9000)),
    ],
    ["20,000 x 20,000 pixels", 413, "image_too_large", async () => fleet.postImage("/extract-embedding", await bomb())],
    ["malformed JSON", 400, "malformed_json", () => post("/v1/jobs", json('{"task": "detect", '))],
    [
      "an unknown field",
      400,
      "invalid_request",
      () => fleet.postJson("/v1/jobs", { task: "detect", image: { upload: "0".repeat(32) }, colour: "red" }),
    ],
    [
      "an upload that is not there",
      404,
      "upload_not_found",
      () => fleet.postJson("/v1/jobs", { task: "detect", image: { upload: "0".repeat(32) } }),
    ],
    [
      "an embedding of the wrong length",
      400,
      "invalid_embedding",
      () => fleet.postJson("/compare-faces", { embedding1: [1, 2, 3], embedding2: [1, 2, 3] }),
    ],
    ["a job that is not there", 404, "job_not_found", () => fleet.get("/v1/jobs/j0123")],
  ])("%s: %i %s", async (_, status, code, send) => {
    const answer = await send();
    const problem = (await answer.json()) as Problem;
    expect([answer.status, problem.code, problem.status]).toEqual([status, code, status]);
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(problem.detail ?? problem.title).toMatch(/\w/);
  });
});
