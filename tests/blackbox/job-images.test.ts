import type { AnalysisResult, Job, ProblemCode, Upload } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.js";
import { noPhotos, oddImage, photo, portrait, skipped } from "../support/test-data.js";
import { Caller, expectProblem } from "./caller.js";
import { ImageServer } from "./image-server.js";
import { openBuckets, putPhoto } from "./s3-objects.js";

const acme = new Caller("acme");
const elsewhere = new Caller("acme", 1);
const globex = new Caller("globex");

describe("the image of a job", () => {
  let site: ImageServer;
  beforeAll(async () => {
    site = await ImageServer.start(await portrait());
  });
  afterAll(() => site.stop());

  const detected = (image: object) => elsewhere.finished(acme.submit({ task: "detect", image }));
  const expectPortrait = ({ error, result }: Job) => {
    expect(error).toBeUndefined();
    expect(result).toMatchObject({ image: { width: 480, height: 640 } });
    expect((result as AnalysisResult).faces).toHaveLength(1);
  };

  async function upload(bytes: Uint8Array): Promise<string> {
    const { status, body } = await acme.post<Upload>("/v1/uploads", { contentType: "image/png", size: bytes.length });
    expect(status).toBe(201);
    const { id, url, method, headers } = body;
    const put = await fetch(url, { method, headers, body: Uint8Array.from(bytes) });
    expect(put.status).toBe(200);
    return id;
  }

  it("may be an object in a bucket", async () => {
    expectPortrait(await detected(await putPhoto(await portrait())));
    expectPortrait(await detected(await putPhoto(await portrait(), { bucket: "results", key: "a b/ü?#%.png" })));
  });

  it("may be at a URL, also one that leads to another", async () => {
    expectPortrait(await detected({ url: site.url("/image") }));
    expectPortrait(await detected({ url: site.url(`/moved?to=${encodeURIComponent(site.url("/image"))}`) }));
  });

  it("may be sent along, before or after the job", async () => {
    const job = JSON.stringify({ task: "detect" });
    const image = new Blob([Uint8Array.from(await portrait())]);
    for (const names of [
      ["job", "image"],
      ["image", "job"],
    ]) {
      const form = new FormData();
      for (const name of names) form.append(name, name === "job" ? job : image);
      expectPortrait(await elsewhere.finished(acme.call<Job>("POST", "/v1/jobs", { form })));
    }
  });

  it("may be in the JSON, as base64 or as a data URL", async () => {
    const data = (await portrait()).toString("base64");
    expectPortrait(await detected({ data }));
    expectPortrait(await detected({ data: `data:image/png;base64,${data}` }));
  });

  it("may be an upload, which is deleted when the job ends, and is nobody else's", async () => {
    const id = await upload(await portrait());
    const foreign = await globex.submit({ task: "detect", image: { upload: id } });
    expectProblem(foreign, 404, "upload_not_found");
    expectPortrait(await detected({ upload: id }));
    await eventually(async () => {
      return (await acme.submit({ task: "detect", image: { upload: id } })).status === 404;
    });
  });

  it("may be in a different place for each of two", async () => {
    const images = [{ url: site.url("/image") }, { upload: await upload(await portrait()) }];
    const job = await elsewhere.finished(acme.submit({ task: "verify", images }));
    expect(job).toMatchObject({ state: "succeeded", result: { match: true } });
  });

  it.each<[what: string, image: () => object | Promise<object>, code: ProblemCode]>([
    ["is not in its bucket", () => ({ s3: { bucket: "photos", key: "nowhere.png" } }), "image_not_found"],
    ["is not at its URL", () => ({ url: site.url("/status/404") }), "image_not_found"],
    ["may not be fetched", () => ({ url: site.url("/status/401") }), "image_not_found"],
    ["leads to a private network", () => ({ url: site.url("/moved?to=http://10.0.0.1/") }), "url_forbidden"],
    ["has no bytes", () => ({ url: site.url("/status/200") }), "empty_image"],
    ["is no image", () => putPhoto(Buffer.from("Once upon a time there was a picture")), "unsupported_image_format"],
    ["is half an image", async () => putPhoto((await portrait()).subarray(0, 20_000)), "image_undecodable"],
  ])("that %s fails its job", async (_what, image, code) => {
    const job = await detected(await image());
    expect(job).toMatchObject({ state: "failed", attempts: 1, error: { code, type: `/docs/errors#${code}` } });
    expect(job).not.toHaveProperty("result");
    expect(Date.parse(job.expiresAt!) - Date.parse(job.finishedAt!)).toBe(86_400_000);
  });

  it.each<[path: string]>([["/status/503"], [`/moved?to=/moved?to=/moved?to=/moved?to=/image`]])(
    "that cannot be fetched from %s now is tried again, and then fails its job",
    async (path) => {
      const job = await detected({ url: site.url(path.replaceAll("?to=/moved", "?to=%2Fmoved")) });
      expect(job).toMatchObject({ state: "failed", error: { code: "image_unreachable", retryable: true } });
      expect(job.attempts).toBeGreaterThan(1);
    },
  );

  describe.skipIf(skipped("black-box tests of odd images", noPhotos))("of odd kinds", () => {
    it("is turned upright as its EXIF orientation says", async () => {
      const { result } = await detected(await putPhoto(await photo("hopper_orientation_6.jpg")));
      expect(result).toMatchObject({ image: { format: "jpeg", orientation: 6 } });
    });

    it.each([
      ["hopper.gif", "gif"],
      ["hopper.tif", "tiff"],
      ["hopper.webp", "webp"],
    ])("%s is read", async (name, format) => {
      expect((await detected(await putPhoto(await oddImage(name)))).result).toMatchObject({ image: { format } });
    });

    it.each<[name: string, code: ProblemCode]>([
      ["github_47.heic", "unsupported_image_format"],
      ["check.svg", "unsupported_image_format"],
      ["truncated.png", "image_undecodable"],
      ["17000x17000.avif", "image_too_large"],
    ])("%s is refused as %s", async (name, code) => {
      expect(await detected(await putPhoto(await oddImage(name)))).toMatchObject({ state: "failed", error: { code } });
    });
  });

  it("is kept for the job alone: an object of the caller's stays where it is", async () => {
    const { s3 } = await putPhoto(await portrait());
    await detected({ s3 });
    expect((await openBuckets().head(s3))?.size).toBe((await portrait()).length);
  });
});
