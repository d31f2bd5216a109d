import { imageContentTypes, type Job, type Problem, type Upload } from "@facefleet/contracts";
import type { ObjectStore } from "@facefleet/platform";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { expectEventually } from "../support/eventually.js";
import { portrait } from "../support/test-data.js";
import { Caller, expectProblem } from "./caller.js";
import { ImageSite } from "./image-site.js";
import { openBuckets } from "./s3-objects.js";

const acme = new Caller("acme");
const elsewhere = new Caller("acme", 1);
const globex = new Caller("globex");
const maxImageBytes = 20_971_520;

describe("an upload", () => {
  let buckets: ObjectStore;
  let image: Buffer;
  let site: ImageSite;

  beforeAll(async () => {
    buckets = openBuckets();
    image = await portrait();
    site = await ImageSite.start(image);
  });
  afterAll(async () => {
    await site?.stop();
    await buckets?.close();
  });

  async function asked(request: Record<string, unknown> = {}, caller = acme): Promise<Upload> {
    const size = image.length;
    const answer = await caller.post<Upload>("/v1/uploads", { contentType: "image/png", size, ...request });
    expect(answer.status, answer.text).toBe(201);
    return answer.body;
  }

  /** Sends bytes to where an upload says; the store's status. */
  async function sent({ url, method, headers }: Upload, bytes: Uint8Array = image): Promise<number> {
    // The length is what it is: whatever is declared, fetch sends that of the body.
    const { "content-length": _length, ...others } = headers;
    return (await fetch(url, { method, headers: others, body: Uint8Array.from(bytes) })).status;
  }

  const isStored = async ({ url }: Upload) => {
    const key = decodeURIComponent(new URL(url).pathname).slice(`/${buckets.defaultBucket}/`.length);
    return (await buckets.head({ bucket: buckets.defaultBucket, key })) !== undefined;
  };
  const isDeleted = (upload: Upload) => expectEventually(async () => expect(await isStored(upload)).toBe(false));
  const refusedJob = ({ id }: Upload) => acme.post("/v1/jobs", { task: "detect", image: { upload: id } });
  const refused = (request: Record<string, unknown>) =>
    acme.post("/v1/uploads", { contentType: "image/png", size: 1000, ...request });
  const jobOf = ({ id }: Upload, caller = acme) =>
    caller.post<Job>("/v1/jobs", { task: "detect", image: { upload: id } });

  it("is a presigned PUT to the store, and is deleted when its job ends", async () => {
    const upload = await asked();
    expect(upload.id).toMatch(/^[0-9a-f]{32}$/);
    expect(new URL(upload.url).origin).toBe(inject("deployment").s3.endpoint);
    expect(upload).toMatchObject({ method: "PUT", headers: { "content-type": "image/png" } });
    const left = Date.parse(upload.expiresAt) - Date.now();
    expect(left).toBeGreaterThan(60_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
    expect(await isStored(upload)).toBe(false);
    expect(await sent(upload)).toBe(200);
    expect(await isStored(upload)).toBe(true);
    const job = await elsewhere.finished(jobOf(upload, elsewhere));
    expect(job).toMatchObject({ state: "succeeded", result: { faces: [{}] } });
    await isDeleted(upload);
    expectProblem(await refusedJob(upload), 404, "upload_not_found");
  });

  it("may be sent again before its job", async () => {
    const upload = await asked();
    expect(await sent(upload, Buffer.alloc(image.length))).toBe(200);
    expect(await sent(upload)).toBe(200);
    expect(await acme.finished(jobOf(upload))).toMatchObject({ state: "succeeded" });
  });

  it("is deleted as well when its job fails or is canceled", async () => {
    const damaged = await asked({ size: 1000 });
    expect(await sent(damaged, image.subarray(0, 1000))).toBe(200);
    expect(await acme.finished(jobOf(damaged))).toMatchObject({
      state: "failed",
      error: { code: "image_undecodable" },
    });
    await isDeleted(damaged);

    const upload = await asked();
    expect(await sent(upload)).toBe(200);
    const images = [{ upload: upload.id }, { url: site.url("/silent") }];
    const submitted = await acme.post<Job>("/v1/jobs", { task: "verify", images });
    await expectEventually(() => expect(site.asked("/silent")).toHaveLength(1));
    expect(await isStored(upload)).toBe(true);
    expect((await acme.delete(submitted.body.links.self)).status).toBe(204);
    expect(await acme.ended(submitted.body.id)).toMatchObject({ state: "canceled" });
    await isDeleted(upload);
  });

  it("is both images of a verification", async () => {
    const uploads = [await asked(), await asked()];
    for (const upload of uploads) expect(await sent(upload)).toBe(200);
    const images = uploads.map(({ id }) => ({ upload: id }));
    const job = await acme.finished(acme.post<Job>("/v1/jobs", { task: "verify", images }));
    expect(job).toMatchObject({ state: "succeeded", result: { match: true } });
    for (const upload of uploads) await isDeleted(upload);
  });

  describe("is held by the store", () => {
    it("to the size that was declared", async () => {
      const upload = await asked();
      for (const bytes of [image.subarray(1), Buffer.concat([image, Buffer.alloc(1)]), Buffer.alloc(0)]) {
        expect(await sent(upload, bytes)).toBe(403);
      }
      const { url, method } = upload;
      const headers = { "content-type": "image/png" };
      // A stream says no length.
      const body = new Blob([Uint8Array.from(image)]).stream();
      const stream = await fetch(url, { method, headers, body, duplex: "half" } as RequestInit);
      expect(stream.status).toBe(403);
      expect(await isStored(upload)).toBe(false);
    });

    it("to the type that was declared", async () => {
      const upload = await asked();
      expect(await sent({ ...upload, headers: { "content-type": "image/jpeg" } })).toBe(403);
      expect(await sent({ ...upload, headers: {} })).toBe(403);
      expect(await isStored(upload)).toBe(false);
    });

    it("to its place and its end", async () => {
      const upload = await asked();
      const other = await asked();
      const forged = [
        upload.url.replace(upload.id, other.id),
        upload.url.replace(/X-Amz-Expires=\d+/, "X-Amz-Expires=9999"),
      ];
      for (const url of forged) {
        expect(url).not.toBe(upload.url);
        expect(await sent({ ...upload, url })).toBe(403);
      }
      for (const each of [upload, other]) expect(await isStored(each)).toBe(false);
    });

    it("and nobody may read it or delete it by its URL", async () => {
      const upload = await asked();
      expect(await sent(upload)).toBe(200);
      expect((await fetch(upload.url)).status).toBe(403);
      expect((await fetch(upload.url, { method: "DELETE" })).status).toBe(403);
      expect(await isStored(upload)).toBe(true);
    });
  });

  it("that has not arrived, or is another tenant's, is like one that never was", async () => {
    const upload = await asked();
    const foreign = await asked({}, globex);
    expect(await sent(foreign)).toBe(200);
    const never = { ...upload, id: "0".repeat(32) };
    const answers = await Promise.all([upload, foreign, never].map(refusedJob));
    for (const answer of answers) expectProblem(answer, 404, "upload_not_found");
    const [arrives, others, none] = answers.map(({ text }) => text.replaceAll(/[0-9a-f-]{32,36}/g, ""));
    expect(others).toBe(none);
    expect(arrives).toBe(none);
    expect(await isStored(foreign)).toBe(true);
    expect(await globex.finished(jobOf(foreign, globex))).toMatchObject({ state: "succeeded" });
  });

  it("has one of the types that are read", async () => {
    for (const contentType of imageContentTypes) {
      expect((await asked({ contentType })).headers).toMatchObject({ "content-type": contentType });
    }
    for (const contentType of ["image/bmp", "image/svg+xml", "text/html", "", undefined]) {
      expectProblem(await refused({ contentType }), 400, "invalid_request");
    }
  });

  it("may be as large as an image may be, and no larger", async () => {
    expect((await asked({ size: maxImageBytes })).method).toBe("PUT");
    for (const size of [maxImageBytes + 1, 10 ** 12]) expectProblem(await refused({ size }), 413, "image_too_large");
    for (const size of [0, -1, 1.5, "1000", undefined]) expectProblem(await refused({ size }), 400, "invalid_request");
  });

  it("is no place for what was not asked for", async () => {
    expectProblem(await refused({ key: "a.png" }), 400, "invalid_request");
    const put = await acme.call<Problem>("PUT", `/v1/uploads/${(await asked()).id}`, { text: "x" });
    expectProblem(put, 404, "route_not_found");
    const stranger = await fetch(`${acme.url}/v1/uploads`, { method: "POST" });
    expect([stranger.status, await stranger.json()]).toMatchObject([401, { code: "unauthorized" }]);
  });
});
