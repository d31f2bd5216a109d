import { setTimeout as sleep } from "node:timers/promises";
import type { Batch, BatchLine, Job, ProbeAnswer } from "@facefleet/contracts";
import { createObjectStore } from "@facefleet/platform";
import { freePort } from "@facefleet/stack";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Fault, FaultyServer } from "../bench/src/faults/faulty-server.js";
import { type S3Server, startS3Server } from "../packages/platform/test/s3-server.js";
import { s3Settings } from "../packages/platform/test/store-settings.js";
import { Fleet } from "./support/fleet.js";
import { portrait } from "./support/test-data.js";

const outageMs = 6000;

describe("while the object store is away", () => {
  let s3: S3Server;
  let store: FaultyServer;
  let fleet: Fleet;
  let workerPort: number;
  const image = { s3: { bucket: "", key: "photos/a.png" } };

  beforeAll(async () => {
    s3 = await startS3Server();
    image.s3.bucket = s3.bucket;
    const direct = createObjectStore(s3Settings(s3));
    await direct.put(image.s3, await portrait(), { maxBytes: 1e7 });
    await direct.close();
  });
  afterAll(() => s3.stop());

  beforeEach(async () => {
    store = await FaultyServer.before(s3.endpoint);
    workerPort = await freePort();
    fleet = await Fleet.start({
      S3_ENDPOINT: store.url,
      S3_BUCKET: s3.bucket,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
      WORKER_PORT: String(workerPort),
    });
  });
  afterEach(async () => {
    await fleet.stop();
    await store.stop();
  });

  const look = async <T>(path: string) => (await (await fleet.get(path)).json()) as T;
  const readiness = async () => (await (await fetch(`http://127.0.0.1:${workerPort}/readyz`)).json()) as ProbeAnswer;

  async function endedJob(id: string): Promise<Job> {
    for (;;) {
      const job = await look<Job>(`/v1/jobs/${id}?wait=20`);
      if (job.finishedAt !== undefined) return job;
    }
  }

  async function endedBatch(id: string): Promise<BatchLine[]> {
    while ((await look<Batch>(`/v1/batches/${id}`)).finishedAt === undefined) await sleep(200);
    const text = await (await fleet.get(`/v1/batches/${id}/results`)).text();
    return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as BatchLine]));
  }

  it.each<Fault>(["refuse", "hang", "throttle"])("(%s) no job is burnt: all go on when it is back", async (fault) => {
    const forms = await Promise.all(
      Array.from({ length: 8 }, async () => fleet.postImage("/v1/jobs", await portrait(), { task: "detect" })),
    );
    await store.set(fault);
    const references = await Promise.all(
      Array.from({ length: 60 }, () => fleet.postJson("/v1/jobs", { task: "detect", image })),
    );
    const submitted = await Promise.all([...forms, ...references].map(async (answer) => (await answer.json()) as Job));
    const items = Array.from({ length: 40 }, () => image);
    const batch = (await (await fleet.postJson("/v1/batches", { task: "detect", items })).json()) as Batch;
    const isHeldUp = { status: "unavailable", checks: { jobs: "not taken" } };
    await expect.poll(readiness).toMatchObject(isHeldUp);
    await sleep(outageMs);
    expect(await readiness()).toMatchObject(isHeldUp);
    expect((await look<Job>(`/v1/jobs/${submitted.at(-1)!.id}`)).state).toBe("queued");
    const written = fleet.output.length;
    const lines = fleet.output.split("\n").filter((line) => /"level":[456]0/.test(line));
    expect(lines.length).toBeLessThan(outageMs / 1000 + 2);
    await store.set("none");

    const jobs = await Promise.all(submitted.map(({ id }) => endedJob(id)));
    const ends = jobs.map(({ state, attempts, error }) => ({ state, attempts, code: error?.code }));
    expect(ends).toEqual(jobs.map(() => ({ state: "succeeded", attempts: 1, code: undefined })));
    const results = await endedBatch(batch.id);
    expect(results.map(({ state }) => state)).toEqual(items.map(() => "succeeded"));
    expect(await readiness()).toMatchObject({ status: "ok" });
    expect(fleet.output.slice(written)).toContain("the object store is back");
  });
});
