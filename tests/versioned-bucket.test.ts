import type { Batch, Job, Upload } from "@facefleet/contracts";
import { anyRoom, createLogger, createMetrics } from "@facefleet/platform";
import { describe, expect, it, onTestFinished } from "vitest";
import { startApi } from "../apps/api/test/api-rig.js";
import { analysis, face } from "../apps/api/test/canned-results.js";
import { form, imagePart, jobPart, pixels } from "../apps/api/test/form.js";
import { BatchWorker } from "../apps/worker/src/batches/batch-worker.js";
import { UploadCleanup } from "../apps/worker/src/jobs/upload-cleanup.js";
import { WorkerMetrics } from "../apps/worker/src/metrics.js";
import { haveMoto, startMoto } from "../packages/platform/test/moto-server.js";
import { bucketVersions, keepVersions } from "../packages/platform/test/versions.js";
import { eventually } from "./support/eventually.js";

const logger = createLogger({ name: "test", level: "silent", format: "json" });

describe.skipIf(!haveMoto)("in a bucket that keeps versions", () => {
  it("nothing is left of uploads and of results once they are over", async () => {
    const server = await startMoto();
    onTestFinished(() => server.stop());
    await keepVersions(server, server.bucket);
    const api = await startApi({
      S3_ENDPOINT: server.endpoint,
      S3_PUBLIC_ENDPOINT: server.endpoint,
      S3_BUCKET: server.bucket,
      S3_ACCESS_KEY_ID: server.accessKeyId,
      S3_SECRET_ACCESS_KEY: server.secretAccessKey,
    });
    onTestFinished(() => api.close());
    const { redis, store, own, jobs, uploads, results } = api;
    const cleanup = new UploadCleanup(own, uploads, logger);
    const metrics = new WorkerMetrics(createMetrics());
    const storeWatch = { isAway: false, isOut: async () => false };
    const parts = { store, own, jobs, uploads, results, room: anyRoom, cleanup, storeWatch, metrics, logger };
    const batches = new BatchWorker(redis, parts);
    onTestFinished(() => batches.stop());
    batches.start();
    const large = analysis(Array.from({ length: 500 }, () => face(0.99)));
    // A line that is an object of its own goes with the sweep, minutes later.
    await api.startWorker(async ({ priority }) => (priority === "low" ? analysis([]) : large));
    const [first, second] = await Promise.all([upload(), upload()]);
    const sent = await api.inject(form("/v1/jobs", [jobPart({ task: "detect" }), imagePart()]));
    const job = await post("/v1/jobs", { task: "detect", image: { upload: first } });
    const batch = (await post("/v1/batches", { task: "detect", items: [{ upload: second }] })) as Batch;
    const ids = [sent.json<Job>().id, (job as Job).id];
    for (const id of ids)
      expect((await api.inject({ url: `/v1/jobs/${id}?wait=20` })).json()).toMatchObject({ state: "succeeded" });
    const isOver = async () =>
      (await api.inject({ url: `/v1/batches/${batch.id}` })).json<Batch>().finishedAt !== undefined;
    await eventually(isOver);
    const kept = async () => (await bucketVersions(server, server.bucket)).map(({ key }) => key.split("/")[1]);
    // The results of two jobs, and the lines of a batch of one.
    await eventually(async () => (await kept()).sort().join() === "batches,results,results");
    const over = [...ids.map((id) => `/v1/jobs/${id}`), `/v1/batches/${batch.id}`];
    for (const url of over) expect((await api.inject({ method: "DELETE", url })).statusCode).toBe(204);
    await eventually(async () => (await kept()).length === 0);

    async function upload(): Promise<string> {
      const asked = (await post("/v1/uploads", { contentType: "image/jpeg", size: pixels.length })) as Upload;
      // Once more, as a caller does whose connection broke off.
      for (let time = 0; time < 2; time += 1) {
        await fetch(asked.url, { method: "PUT", headers: asked.headers, body: Uint8Array.from(pixels) });
      }
      return asked.id;
    }

    async function post(url: string, payload: object): Promise<unknown> {
      return (await api.inject({ method: "POST", url, payload })).json();
    }
  });
});
