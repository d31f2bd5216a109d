import { randomBytes } from "node:crypto";
import { type Job, ProblemError, type Upload } from "@facefleet/contracts";
import type { InjectOptions, LightMyRequestResponse } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { type ApiRig, startApi } from "./api-rig.js";
import { analysis } from "./canned-results.js";
import { form, imagePart, jobPart, pixels } from "./form.js";
import { KeyHolder, KeysFile, keysOf } from "./keys-file.js";

const image = { s3: { bucket: "photos", key: "a.jpg" } };
const acme = new KeyHolder("acme", { allowedBuckets: ["photos"] });
const umbrella = new KeyHolder("umbrella", { maxQueuedJobs: 1 });

let file: KeysFile;
let api: ApiRig;
beforeEach(async () => {
  file = await KeysFile.create();
  await file.replace(keysOf(acme, umbrella));
  api = await startApi({ API_KEYS_FILE: file.path });
});
afterEach(async () => {
  await api.close();
  await file.remove();
});

function as({ headers }: KeyHolder, request: InjectOptions): Promise<LightMyRequestResponse> {
  return api.inject({ ...request, headers: { ...request.headers, ...headers } });
}

function submit(who: KeyHolder, payload: object = { task: "detect", image }, headers: Record<string, string> = {}) {
  return as(who, { method: "POST", url: "/v1/jobs", payload, headers });
}

const refused = { code: "too_many_jobs", status: 429, retryable: true };

function expectTooManyJobs(answer: LightMyRequestResponse): void {
  expect(answer.statusCode).toBe(429);
  expect(answer.json()).toMatchObject(refused);
  expect(answer.headers["retry-after"]).toMatch(/^[1-9]\d*$/);
}

describe("another tenant's job", () => {
  const requests = (id: string): InjectOptions[] => [
    { method: "GET", url: `/v1/jobs/${id}` },
    { method: "GET", url: `/v1/jobs/${id}?wait=1` },
    { method: "GET", url: `/v1/jobs/${id}/events` },
    { method: "DELETE", url: `/v1/jobs/${id}` },
    { method: "POST", url: `/v1/jobs/${id}/retry` },
    { method: "GET", url: `/v1/jobs/${id}/webhook-attempts` },
    { method: "POST", url: `/v1/jobs/${id}/webhook-attempts` },
  ];

  /** All that a caller sees, but for what differs between any two answers. */
  function seen({ statusCode, headers, body }: LightMyRequestResponse, id: string): unknown {
    const { date, "x-request-id": requestId, ...rest } = headers;
    expect([date, requestId]).not.toContain(undefined);
    return { statusCode, rest, body: body.replaceAll(id, "<id>").replaceAll(String(requestId), "<request>") };
  }

  it.each(["queued", "succeeded", "failed"])("is like none when it has %s", async (state) => {
    const { id } = (await submit(acme)).json<Job>();
    if (state !== "queued") {
      await api.startWorker(async () => {
        if (state === "failed") throw new ProblemError("image_not_found");
        return analysis([]);
      });
      await eventually(async () => (await as(acme, { url: `/v1/jobs/${id}` })).json<Job>().state === state);
    }
    const unknown = `j${randomBytes(16).toString("hex")}`;
    const [foreign, absent] = [requests(id), requests(unknown)];
    for (const [index, request] of foreign.entries()) {
      const answer = seen(await as(umbrella, request), id);
      expect(answer).toMatchObject({ statusCode: 404, body: expect.stringContaining("job_not_found") });
      expect(answer).toEqual(seen(await as(umbrella, absent[index]!), unknown));
    }
    expect((await as(acme, { url: `/v1/jobs/${id}` })).json()).toMatchObject({ id, state });
  });

  it("is in no list but its owner's", async () => {
    const { id } = (await submit(acme)).json<Job>();
    expect((await as(umbrella, { url: "/v1/jobs" })).json()).toEqual({ jobs: [] });
    expect((await as(acme, { url: "/v1/jobs" })).json()).toMatchObject({ jobs: [{ id }] });
  });

  it("does not meet a job with the same idempotency key", async () => {
    const headers = { "idempotency-key": "once" };
    const [mine, theirs] = [await submit(acme, undefined, headers), await submit(umbrella, undefined, headers)];
    expect([mine.statusCode, theirs.statusCode]).toEqual([202, 202]);
    expect(mine.json<Job>().id).not.toBe(theirs.json<Job>().id);
  });
});

describe("another tenant's upload", () => {
  async function upload(who: KeyHolder): Promise<Upload> {
    const payload = { contentType: "image/jpeg", size: pixels.length };
    const asked = (await as(who, { method: "POST", url: "/v1/uploads", payload })).json<Upload>();
    const { pathname, search } = new URL(asked.url);
    const sent = await api.inject({ method: "PUT", url: pathname + search, headers: asked.headers, payload: pixels });
    expect(sent.statusCode).toBe(204);
    return asked;
  }

  it.each([{}, { "idempotency-key": "mine" }])("is like none: it stays, for its owner (%j)", async (headers) => {
    const { id } = await upload(acme);
    for (const stranger of [id, "0".repeat(32), randomBytes(16).toString("hex")]) {
      const answer = await submit(umbrella, { task: "detect", image: { upload: stranger } }, headers);
      expect(answer.json()).toEqual({
        type: "/docs/errors#upload_not_found",
        title: "There is no such upload",
        status: 404,
        code: "upload_not_found",
        retryable: false,
        detail: `Expected an upload that has arrived but received the id ${stranger}`,
        requestId: answer.headers["x-request-id"],
      });
    }
    const one = await upload(umbrella);
    const both = { task: "verify", images: [{ upload: one.id }, { upload: id }] };
    expect((await submit(umbrella, both)).json()).toMatchObject({ code: "upload_not_found" });
    expect((await submit(acme, { task: "detect", image: { upload: id } }, headers)).statusCode).toBe(202);
  });

  it("cannot be named when it was sent along with a job", async () => {
    await as(acme, form("/v1/jobs", [jobPart({ task: "detect" }), imagePart()]));
    const [id] = await api.storedUploads();
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    for (const who of [acme, umbrella]) {
      const answer = await submit(who, { task: "detect", image: { upload: id } });
      expect(answer.json()).toMatchObject({ code: "upload_not_found" });
    }
  });
});

describe("a tenant with as many jobs as it may have", () => {
  beforeEach(async () => {
    expect((await submit(umbrella)).statusCode).toBe(202);
  });

  it("can submit no other, by reference or with its image, and nothing of it is kept", async () => {
    expectTooManyJobs(await submit(umbrella));
    expectTooManyJobs(await as(umbrella, form("/v1/jobs", [jobPart({ task: "detect" }), imagePart()])));
    for (const url of ["/detect-face", "/extract-embedding"]) {
      expectTooManyJobs(await as(umbrella, form(url, [imagePart()])));
    }
    expect([await api.storedUploads(), await api.registeredUploads()]).toEqual([[], []]);
    expect((await submit(acme)).statusCode).toBe(202);
  });

  it("may submit again once a job has ended", async () => {
    const [job] = (await as(umbrella, { url: "/v1/jobs" })).json<{ jobs: Job[] }>().jobs;
    expect((await as(umbrella, { method: "DELETE", url: `/v1/jobs/${job?.id}` })).statusCode).toBe(204);
    expect((await submit(umbrella)).statusCode).toBe(202);
    expectTooManyJobs(await submit(umbrella));
  });

  it("cannot retry one that has failed", async () => {
    const worker = await api.startWorker(async () => {
      throw new ProblemError("image_not_found");
    });
    const [job] = (await as(umbrella, { url: "/v1/jobs" })).json<{ jobs: Job[] }>().jobs;
    await eventually(async () => (await as(umbrella, { url: job!.links.self })).json<Job>().state === "failed");
    await worker.stop(1000);
    expect((await submit(umbrella)).statusCode).toBe(202);
    expectTooManyJobs(await as(umbrella, { method: "POST", url: `${job!.links.self}/retry` }));
  });
});

it("reads no bucket that its tenant may not read", async () => {
  const secret = { s3: { bucket: "archive", key: "a.jpg" } };
  for (const payload of [
    { task: "detect", image: secret },
    { task: "verify", images: [image, secret] },
  ]) {
    const answer = await submit(acme, payload);
    expect(answer.statusCode).toBe(403);
    expect(answer.json()).toMatchObject({ code: "bucket_forbidden" });
  }
  expect((await submit(acme)).statusCode).toBe(202);
  expect((await submit(umbrella, { task: "detect", image: secret })).statusCode).toBe(202);
});

it("gives a tenant the rights that its entry has now", async () => {
  await file.replace(keysOf(acme));
  await eventually(async () => (await submit(umbrella)).statusCode === 401);
  expect((await submit(acme)).statusCode).toBe(202);
});
