import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  defaultMaxPixels,
  defaultTenant,
  type FaceJobPayload,
  type ImageRef,
  JobOptions,
  type Task,
} from "@facefleet/contracts";
import type { AnalysisOptions } from "@facefleet/core";
import { defaultPackName } from "@facefleet/core/models";
import { createLogger, FleetRedis } from "@facefleet/platform";
import { Redis } from "ioredis";
import { Value } from "typebox/value";
import { type DrawnImage, drawnImages } from "../../../tests/support/drawn-images.js";
import { loadWorkerConfig, type WorkerConfig } from "../src/config.js";
import type { InferenceSettings } from "../src/inference/protocol.js";

// biome-ignore lint/style/noProcessEnv: tests learn here where Redis is
const { REDIS_URL } = process.env;

export const drawn = (name: DrawnImage) => drawnImages[name]();

export const inferenceSettings: InferenceSettings = {
  pack: defaultPackName,
  modelsDir: "",
  engine: "onnx-cpu",
  threads: 0,
  tfjsNodeDir: "",
  limits: { maxPixels: defaultMaxPixels, heic: true, maxBatchSize: 16, maxQueueDelayMs: 0 },
  log: { level: "silent", format: "json" },
};

export const analysisOptions: AnalysisOptions = {
  minFaceSize: 20,
  minConfidence: 0.9,
  maxFaces: 100,
  order: "prominence",
  embed: true,
};

export const quiet = createLogger({ name: "test", level: "silent", format: "json" });

export interface Fleet {
  readonly env: Record<string, string>;
  readonly config: WorkerConfig;
  /** The test's own connections. */
  readonly redis: FleetRedis;
  remove(): Promise<void>;
}

/** A queue and a folder store of a test's own. */
export async function isolatedFleet(settings: Record<string, string> = {}): Promise<Fleet> {
  const folder = await mkdtemp(join(tmpdir(), "facefleet-worker-"));
  const env = {
    REDIS_URL: REDIS_URL ?? "",
    QUEUE_PREFIX: `{test-${randomBytes(6).toString("hex")}}`,
    STORE_DIR: folder,
    ENGINE: "onnx-cpu",
    WORKER_PORT: "0",
    LOG_LEVEL: "silent",
    ...settings,
  };
  const config = loadWorkerConfig(env);
  const redis = new FleetRedis(config, { logger: quiet });
  const remove = async () => {
    await redis.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { env, config, redis, remove };
}

/** What the fleet keeps in Redis, by the names of the keys. */
export async function redisKeys({ config }: Fleet): Promise<string[]> {
  const redis = new Redis(config.REDIS_URL);
  try {
    return await redis.keys(`${config.QUEUE_PREFIX}:*`);
  } finally {
    redis.disconnect();
  }
}

export function payload(
  task: Task,
  images: readonly ImageRef[],
  options: Partial<FaceJobPayload["options"]> = {},
): FaceJobPayload {
  const defaults = Value.Create(JobOptions);
  return {
    task,
    images: [...images],
    options: { ...defaults, ...options },
    resultTtlSeconds: 60,
    tenant: defaultTenant,
  };
}
