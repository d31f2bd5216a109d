import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import { defaultMaxPixels, queueCatalogue } from "@facefleet/contracts";
import { decoderThreads } from "@facefleet/core/batching";
import { engineChoices } from "@facefleet/core/engine-names";
import { defaultPackName, packCatalogue } from "@facefleet/core/models";
import {
  type Config,
  egressSettings,
  loadConfig,
  logSettings,
  publicSettings,
  redisSettings,
  type Settings,
  storeSettings,
  tracingSettings,
} from "@facefleet/platform";

/** Which weights embeddings are made with. Those of two packs do not compare. */
const packSetting = {
  enum: packCatalogue.map(({ name }) => name),
  default: defaultPackName,
  description:
    "The model pack. The default is built in; another is pulled once, by `facefleet models pull` or by `facefleet up`. Workers of one fleet have the same.",
};

export const workerSettings = {
  ROLE: {
    enum: ["all", "inference", "webhooks"],
    default: "all",
    description:
      "What this worker does: `inference` analyses images, `webhooks` announces what has ended and needs neither models nor the object store, `all` does both.",
  },
  WEBHOOK_CONCURRENCY: {
    type: "integer",
    minimum: 1,
    maximum: 1024,
    default: 32,
    description:
      "Webhooks that are on their way at once, a quarter of them to the same receiver. Those that have been for more than a second do not count; of these each tenant has as many at most.",
  },
  WEBHOOK_TIMEOUT: {
    type: "number",
    minimum: 0.1,
    maximum: 60,
    default: 15,
    description: "Seconds that the receiver of a webhook has to answer.",
  },
  ENGINE: {
    enum: engineChoices,
    default: "auto",
    description: "What runs the networks. `auto` takes the fastest one that works here and says which and why.",
  },
  ENGINE_THREADS: {
    type: "integer",
    minimum: 0,
    maximum: 256,
    default: 0,
    description: "Threads of the engine in each inference process; 0: the processors, divided among the processes.",
  },
  INFERENCE_PROCESSES: {
    type: "integer",
    minimum: 0,
    maximum: 64,
    default: 0,
    description:
      "Processes that share the images on a CPU, about 300 MB each; 0: one for every two processors, four at most. With one for each processor and `ENGINE_THREADS` of 1 more images are done, each more slowly. A GPU has one.",
  },
  TFJS_NODE_DIR: {
    type: "string",
    description:
      "Folder whose `node_modules` has `@tensorflow/tfjs-node` or `-gpu`, for the engines of these names. When unset: `facefleet/tfjs-node` in the same cache folder as `MODELS_DIR`, where `infra/tfjs-node/build.mjs` builds it.",
  },
  PACK: packSetting,
  MODELS_DIR: {
    type: "string",
    description:
      "Folder of the model packs that are not built in. When unset: `facefleet/models` in `XDG_CACHE_HOME`, which is `~/.cache` when unset.",
  },
  MAX_BATCH_SIZE: {
    type: "integer",
    minimum: 1,
    maximum: 256,
    default: 16,
    description: "Most images that go through the networks together.",
  },
  MAX_QUEUE_DELAY_MS: {
    type: "integer",
    minimum: 0,
    maximum: 1000,
    default: 0,
    description: "How long a batch that is not full waits for more images, in milliseconds.",
  },
  CONCURRENCY: {
    type: "integer",
    minimum: 0,
    maximum: 1024,
    default: 0,
    description:
      "Jobs taken at once; 0: twice `MAX_BATCH_SIZE`, which keeps the batches full. As many again are taken for tenants that have fewer here than their share, and for requests that are waited for, when others hold all of these.",
  },
  MAX_IMAGE_BYTES: {
    type: "integer",
    minimum: 1024,
    default: 20 * 1024 * 1024,
    description: "Largest image file, in bytes.",
  },
  MAX_IMAGE_PIXELS: {
    type: "integer",
    minimum: 1024,
    default: defaultMaxPixels,
    description: "Largest image, in pixels (width x height).",
  },
  DECODE_HEIC: {
    type: "boolean",
    default: true,
    description: "Whether HEIC is read, which phones make. Its coding, HEVC, is under patents in some countries.",
  },
  MAX_DECODED_BYTES: {
    type: "integer",
    minimum: 1024 * 1024,
    default: 512 * 1024 * 1024,
    description:
      "Memory for decoded images, those of all inference processes, in bytes. One takes 9 a pixel while `mtcnn` looks for faces, and 3 while `yunet` does, and three or more times that while some formats are decoded. A quarter is only for requests that are waited for, and a quarter for tenants that have no other image in it; of images that are larger than the rest there is one at a time, beside it.",
  },
  JOB_TIMEOUT: {
    type: "integer",
    minimum: 1,
    maximum: 86_400,
    default: 300,
    description: "Seconds that a worker may spend on a job. One that takes longer fails with `job_timeout`.",
  },
  ANALYSIS_CACHE_TTL: {
    type: "integer",
    minimum: 0,
    maximum: 604_800,
    default: 0,
    description:
      "Seconds for which a job's result, while it is kept, is also given to jobs of the same tenant with the same images and options; 0: every job is run. Redis holds a digest of the images for that long; embeddings are kept no longer for it.",
  },
  WORKER_HOST: {
    type: "string",
    default: "127.0.0.1",
    description: "Address of the worker's /livez, /readyz and /metrics.",
  },
  WORKER_PORT: {
    type: "integer",
    minimum: 0,
    maximum: 65_535,
    default: 3001,
    description: "Port of the same; 0: any free one.",
  },
  LOCK_DURATION: {
    type: "integer",
    minimum: 1,
    maximum: 3600,
    default: queueCatalogue.faces.lockDurationMs / 1000,
    description: "Seconds that this worker may be silent before its jobs are given to another.",
  },
  SHUTDOWN_DEADLINE: {
    type: "integer",
    minimum: 1,
    maximum: 3600,
    default: 25,
    description: "Seconds that running jobs have to end when the process is told to stop.",
  },
  ...redisSettings,
  ...storeSettings,
  ...egressSettings,
  ...publicSettings,
  ...logSettings,
  ...tracingSettings,
} as const satisfies Settings;

export type WorkerConfig = Config<typeof workerSettings> & Readonly<{ MODELS_DIR: string; TFJS_NODE_DIR: string }>;

/** @throws ConfigError that lists every fault */
export function loadWorkerConfig(
  // biome-ignore lint/style/noProcessEnv: the one place where the worker reads it
  env: Readonly<Record<string, string | undefined>> = process.env,
): WorkerConfig {
  const config = loadConfig(workerSettings, env);
  return Object.freeze({
    ...config,
    MODELS_DIR: config.MODELS_DIR ?? cacheFolder("models", env.XDG_CACHE_HOME),
    TFJS_NODE_DIR: config.TFJS_NODE_DIR ?? cacheFolder("tfjs-node", env.XDG_CACHE_HOME),
    CONCURRENCY: config.CONCURRENCY || 2 * config.MAX_BATCH_SIZE,
    ...inferenceShare(config, availableParallelism()),
  });
}

/** How many inference processes there are, and what each may use of the processors. */
export function inferenceShare(
  { INFERENCE_PROCESSES, ENGINE_THREADS }: Pick<WorkerConfig, "INFERENCE_PROCESSES" | "ENGINE_THREADS">,
  processors: number,
): Pick<WorkerConfig, "INFERENCE_PROCESSES" | "ENGINE_THREADS"> {
  const processes = INFERENCE_PROCESSES || Math.min(4, Math.max(1, Math.floor(processors / 2)));
  return {
    INFERENCE_PROCESSES: processes,
    ENGINE_THREADS: ENGINE_THREADS || Math.max(1, Math.floor(processors / processes)),
  };
}

function cacheFolder(name: string, cacheHome: string | undefined): string {
  return join(cacheHome || join(homedir(), ".cache"), "facefleet", name);
}

/**
 * The environment of the inference process: what its native libraries read nowhere else. It decodes what strangers
 * send, and gets none of the worker's credentials.
 */
export function inferenceEnvironment(
  // biome-ignore lint/style/noProcessEnv: part of it is passed on as it is
  env: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string | undefined> {
  const passedOn = Object.entries(env).filter(([name]) => nativeNames.test(name) && !secretNames.test(name));
  return { ...nativeDefaults, ...Object.fromEntries(passedOn) };
}

/** Of the system, Node, the loader, allocators, threads, libvips, ONNX Runtime, TensorFlow, and drivers of GPUs. */
const nativeNames =
  /^(PATH|HOME|TMPDIR|TZ|LANG|XDG_RUNTIME_DIR|(LC|NODE|UV|LD|DYLD|GLIBC|MALLOC|OMP|KMP|GOMP|MKL|OPENBLAS|VIPS|ORT|TF|XLA|CUDA|CUDNN|CUBLAS|NVIDIA|VK|MESA|DRI|LIBGL)_\w+)$/;
const secretNames = /TOKEN|SECRET|PASS|CREDENTIAL|AUTH|API_?KEY|TF_VAR_/i;

const nativeDefaults = {
  UV_THREADPOOL_SIZE: String(decoderThreads),
  // NVIDIA's libraries would round float32 products to 10 bits of mantissa; embeddings must agree to 1e-4.
  NVIDIA_TF32_OVERRIDE: "0",
  // TensorFlow would take the whole memory of the GPU at its start.
  TF_FORCE_GPU_ALLOW_GROWTH: "true",
  // Warnings and errors only: TensorFlow introduces itself on standard error.
  TF_CPP_MIN_LOG_LEVEL: "1",
};
