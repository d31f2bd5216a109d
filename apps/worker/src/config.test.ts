import { homedir } from "node:os";
import { expect, test } from "vitest";
import { inferenceEnvironment, inferenceShare, loadWorkerConfig } from "./config.js";

test("an empty environment gives a working configuration", () => {
  expect(loadWorkerConfig({})).toMatchObject({
    ROLE: "all",
    WEBHOOK_CONCURRENCY: 32,
    WEBHOOK_TIMEOUT: 15,
    ENGINE: "auto",
    CONCURRENCY: 32,
    MODELS_DIR: `${homedir()}/.cache/facefleet/models`,
    TFJS_NODE_DIR: `${homedir()}/.cache/facefleet/tfjs-node`,
    LOCK_DURATION: 30,
    ANALYSIS_CACHE_TTL: 0,
    WORKER_HOST: "127.0.0.1",
  });
});

test("takes twice as many jobs as a batch holds, unless told otherwise", () => {
  expect(loadWorkerConfig({ MAX_BATCH_SIZE: "4" }).CONCURRENCY).toBe(8);
  expect(loadWorkerConfig({ MAX_BATCH_SIZE: "4", CONCURRENCY: "3" }).CONCURRENCY).toBe(3);
});

test.each([
  ["one process for two processors", { INFERENCE_PROCESSES: 0, ENGINE_THREADS: 0 }, 2, 1, 2],
  ["never none", { INFERENCE_PROCESSES: 0, ENGINE_THREADS: 0 }, 1, 1, 1],
  ["four at most", { INFERENCE_PROCESSES: 0, ENGINE_THREADS: 0 }, 64, 4, 16],
  ["as many as told, with their share of the threads", { INFERENCE_PROCESSES: 2, ENGINE_THREADS: 0 }, 2, 2, 1],
  ["all as told", { INFERENCE_PROCESSES: 3, ENGINE_THREADS: 5 }, 2, 3, 5],
])("divides the processors: %s", (_, settings, processors, processes, threads) => {
  expect(inferenceShare(settings, processors)).toEqual({ INFERENCE_PROCESSES: processes, ENGINE_THREADS: threads });
});

test("looks for packs in the cache folder, unless told otherwise", () => {
  expect(loadWorkerConfig({ XDG_CACHE_HOME: "/cache" }).MODELS_DIR).toBe("/cache/facefleet/models");
  expect(loadWorkerConfig({ XDG_CACHE_HOME: "/cache", MODELS_DIR: "/packs" }).MODELS_DIR).toBe("/packs");
});

test("native libraries keep full float32 precision, unless told otherwise", () => {
  expect(inferenceEnvironment({ PATH: "/bin" })).toMatchObject({ PATH: "/bin", NVIDIA_TF32_OVERRIDE: "0" });
  expect(inferenceEnvironment({ NVIDIA_TF32_OVERRIDE: "1" }).NVIDIA_TF32_OVERRIDE).toBe("1");
});

test("the process that decodes gets none of the worker's credentials", () => {
  const secrets = {
    REDIS_URL: "redis://:hidden@redis",
    S3_SECRET_ACCESS_KEY: "hidden",
    AWS_SESSION_TOKEN: "hidden",
    NODE_AUTH_TOKEN: "hidden",
    TF_VAR_database: "hidden",
    OTEL_EXPORTER_OTLP_HEADERS: "hidden",
    FACEFLEET_API_KEY: "hidden",
    ANYTHING: "hidden",
  };
  const needed = {
    PATH: "/bin",
    LD_LIBRARY_PATH: "/cuda",
    CUDA_VISIBLE_DEVICES: "1",
    OMP_NUM_THREADS: "2",
    LC_ALL: "C",
  };
  expect(Object.values(inferenceEnvironment({ ...secrets, ...needed }))).not.toContain("hidden");
  expect(inferenceEnvironment({ ...secrets, ...needed })).toMatchObject(needed);
});

test("lists every fault", () => {
  expect(() => loadWorkerConfig({ ENGINE: "abacus", WORKER_PORT: "x" })).toThrow(/ENGINE: .*\n.*WORKER_PORT: /);
  expect(() => loadWorkerConfig({ EGRESS_ALLOW: "localhost" })).toThrow(/EGRESS_ALLOW: Expected .* "localhost"/);
});
