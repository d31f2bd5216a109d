import { afterEach, beforeEach, expect, it } from "vitest";
import { type ApiRig, startApi } from "../../../apps/api/test/api-rig.js";
import { analysis, face, verification } from "../../../apps/api/test/canned-results.js";
import { FacefleetClient, resultOf } from "../src/index.js";

let api: ApiRig;
let client: FacefleetClient;

beforeEach(async () => {
  api = await startApi();
  await api.app.listen({ host: "127.0.0.1", port: 0 });
  client = new FacefleetClient({ url: api.app.listeningOrigin });
});
afterEach(() => api.close());

const named = { s3: { bucket: "photos", key: "a.jpg" } };

it("submits an image, waits for its end, and finds the job again", async () => {
  const received: string[] = [];
  await api.startWorker(async ({ payload: { images } }) => {
    const [image] = images;
    const id = image && "upload" in image ? image.upload : "none";
    received.push(String(await api.own.upload(id).get({ maxBytes: 1e6 })));
    return analysis([face(0.99)]);
  });
  const image = new Blob(["the bytes of an image"], { type: "image/jpeg" });
  const job = await client.submit({ task: "detect", image, options: { maxFaces: 1 }, metadata: { album: "1" } });
  const done = await client.wait(job);
  expect(received).toEqual(["the bytes of an image"]);
  expect(resultOf(done).faces).toEqual([face(0.99)]);
  expect(await client.job(job.id)).toMatchObject({ state: "succeeded", metadata: { album: "1" } });
});

it("hands two images over to be compared", async () => {
  const received: string[] = [];
  await api.startWorker(async ({ payload: { images } }) => {
    for (const image of images) {
      if (!("upload" in image)) throw new Error("Expected an upload");
      received.push(String(await api.own.upload(image.upload).get({ maxBytes: 1e6 })));
    }
    return verification;
  });
  const images = await Promise.all(
    ["one", "two"].map((text) => client.upload(new TextEncoder().encode(text), "image/png")),
  );
  const job = await client.wait(await client.submit({ task: "verify", images }));
  expect(resultOf(job).decision).toBe("match");
  expect(received).toEqual(["one", "two"]);
});

it("makes one job of submissions with one key, and refuses another request under it", async () => {
  const options = { idempotencyKey: "mine" };
  const image = new Blob(["the bytes of an image"]);
  const first = await client.submit({ task: "detect", image }, options);
  expect((await client.submit({ task: "detect", image }, options)).id).toBe(first.id);
  await expect(client.submit({ task: "embed", image }, options)).rejects.toMatchObject({
    code: "idempotency_conflict",
    status: 409,
    retryable: false,
  });
});

it("lists over pages, cancels, and tries again", async () => {
  const jobs = [];
  for (let i = 0; i < 5; i++) jobs.push(await client.submit({ task: "detect", image: named }));
  await client.cancel(jobs[0]!);
  await client.cancel(jobs[0]!);
  const listed = [];
  for await (const job of client.jobs({ state: "queued", pageSize: 2 })) listed.push(job.id);
  expect(listed).toEqual(
    jobs
      .slice(1)
      .map(({ id }) => id)
      .reverse(),
  );
  await expect(client.retry(jobs[1]!)).rejects.toMatchObject({ code: "job_not_failed" });
  await expect(client.job("j-unknown")).rejects.toMatchObject({ code: "job_not_found", status: 404 });
});

it("tells each fault of a request that the service refuses", async () => {
  const submitting = client.submit({ task: "detect", image: named, options: { maxFaces: 0 } });
  await expect(submitting).rejects.toMatchObject({
    code: "invalid_request",
    problem: { errors: [{ path: expect.stringContaining("maxFaces") }] },
  });
});
