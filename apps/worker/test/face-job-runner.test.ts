import { once } from "node:events";
import { defaultTenant, type FaceJobPayload, ProblemError } from "@facefleet/contracts";
import {
  createLogger,
  createMetrics,
  createObjectStore,
  EgressGuard,
  OriginCircuits,
  OwnObjects,
} from "@facefleet/platform";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FaceJobRunner, type FaceJobRunnerOptions } from "../src/jobs/face-job-runner.js";
import { WorkerMetrics } from "../src/metrics.js";
import { analysisOptions, type Fleet, isolatedFleet, quiet } from "./environment.js";

let fleet: Fleet;
beforeEach(async () => {
  fleet = await isolatedFleet();
});
afterEach(() => fleet.remove());

const payload: FaceJobPayload = {
  task: "detect",
  images: [{ s3: { bucket: "local", key: "a.jpg" } }],
  options: {
    ...analysisOptions,
    detector: "mtcnn",
    landmarks: true,
    crops: false,
    quality: true,
    embedding: "standard",
    embeddingFormat: "float",
    detection: "faces",
    orientations: [0],
  },
  resultTtlSeconds: 600,
  tenant: defaultTenant,
};

async function run(analyse: FaceJobRunnerOptions["analyse"], timeoutMs: number, logger = quiet) {
  const store = createObjectStore(fleet.config);
  await store.put({ bucket: "local", key: "a.jpg" }, Buffer.from("an image"), { maxBytes: 1000 });
  const runner = new FaceJobRunner({
    store,
    own: new OwnObjects(store, async () => "secret"),
    egress: new EgressGuard({ allow: [] }),
    hosts: new OriginCircuits({ concurrency: 4 }),
    storeWatch: { judge: async (error) => error },
    cleanup: { released: async () => undefined } as unknown as FaceJobRunnerOptions["cleanup"],
    metrics: new WorkerMetrics(createMetrics()),
    logger,
    maxImageBytes: 1000,
    timeoutMs,
    analyse,
    modelOf: () => {
      throw new Error("Expected nobody to ask");
    },
  });
  const job = { id: "j1", payload, priority: "normal", createdAt: new Date(), attempt: 1, queueMs: 0 } as const;
  const work = runner.run({ ...job, reportStage: () => undefined }, new AbortController().signal);
  return { runner, work };
}

test("a job that takes too long is broken off, and fails for that, whatever what was broken off says", async () => {
  let brokenOff = false;
  const { runner, work } = await run(async (_bytes, _options, { signal }) => {
    await once(signal!, "abort");
    brokenOff = true;
    throw new Error("half done");
  }, 100);
  await expect(work).rejects.toMatchObject({
    code: "job_timeout",
    status: 504,
    retryable: false,
    message: expect.stringContaining("within 0.1 s"),
  });
  expect(brokenOff).toBe(true);
  expect(runner.inFlight).toBe(0);
});

test("a job that fails in time fails for its own reason", async () => {
  const { work } = await run(async () => {
    throw new Error("its own");
  }, 60_000);
  await expect(work).rejects.toThrow("its own");
});

test("what the decoder said is in the log with the job's id, and not in its problem", async () => {
  const lines: unknown[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const logger = createLogger({ name: "worker", level: "info", format: "json", destination });
  const cause = new Error("VipsJpeg: bad\nVipsJpeg: bad\nVipsJpeg: worse");
  const { work } = await run(
    async () => {
      throw new ProblemError("image_undecodable", "It is damaged", { cause });
    },
    60_000,
    logger,
  );
  await expect(work).rejects.toMatchObject({ code: "image_undecodable", detail: "It is damaged" });
  expect(lines).toContainEqual(expect.objectContaining({ jobId: "j1", reason: "VipsJpeg: bad; VipsJpeg: worse" }));
});
