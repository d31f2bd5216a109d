import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { defaultPackName, packCatalogue } from "@facefleet/core/pack-catalogue";
import { type Config, loadConfig, logSettings, type Settings } from "@facefleet/platform/config";
import type { Environment } from "@facefleet/stack";
import { apiDefaults } from "@facefleet/stack/api-port";
import { isCheckout, rootDir } from "./checkout.js";

export const cliSettings = {
  HOST: { type: "string", default: apiDefaults.host, description: "Where `facefleet up` lets the API listen." },
  PORT: {
    type: "integer",
    minimum: 1,
    maximum: 65_535,
    default: apiDefaults.port,
    description: "The port of the API that `facefleet up` starts.",
  },
  REDIS_URL: {
    type: "string",
    pattern: "^rediss?://",
    secret: true,
    description: "The Redis that `facefleet up` uses, one by itself. Unset: it finds or starts one.",
  },
  DATA_DIR: {
    type: "string",
    description:
      "Where `facefleet up` keeps Redis' data and images. Unset: `.data` in the checkout; of an installation, `facefleet` in `XDG_DATA_HOME`, which is `~/.local/share` when unset.",
  },
  PACK: {
    enum: packCatalogue.map(({ name }) => name),
    default: defaultPackName,
    description: "The model pack, which `facefleet up` pulls when it is not built in and not there yet.",
  },
  MODELS_DIR: {
    type: "string",
    description:
      "Folder of the model packs that are not built in. When unset: `facefleet/models` in `XDG_CACHE_HOME`, which is `~/.cache` when unset.",
  },
  TFJS_NODE_DIR: {
    type: "string",
    description: "Where `facefleet eval` finds TensorFlow.js on libtensorflow, as the worker does.",
  },
  FACEFLEET_MODEL_MIRROR: {
    type: "string",
    description:
      "A folder or base URL to pull model packs from instead of their public homes. " +
      "When unset: `../shared/models` beside the checkout, where it exists.",
  },
  FACEFLEET_URL: {
    type: "string",
    pattern: "^https?://",
    description: "The service that `facefleet submit` sends images to. Unset: the one on this machine, at `PORT`.",
  },
  API_KEYS_FILE: {
    type: "string",
    description: "The file that `facefleet keys` changes, and that `facefleet up` gives to the API. Unset: no keys.",
  },
  FACEFLEET_API_KEY: {
    type: "string",
    pattern: "^[\\x21-\\x7e]+$",
    secret: true,
    description: "The key that `facefleet submit` shows the service. Unset: none, which a service without keys takes.",
  },
  S3_BUCKET: { type: "string", description: "When set, `facefleet up` keeps no images in `DATA_DIR`." },
  LOG_LEVEL: logSettings.LOG_LEVEL,
} as const satisfies Settings;

export interface CliConfig extends Config<typeof cliSettings> {
  readonly DATA_DIR: string;
  readonly MODELS_DIR: string;
  readonly TFJS_NODE_DIR: string;
  readonly FACEFLEET_URL: string;
  readonly FACEFLEET_MODEL_MIRROR?: string;
  /** What the programs started by `up` inherit. */
  readonly env: Environment;
}

/** @throws ConfigError that lists every fault */
export function loadCliConfig(
  // biome-ignore lint/style/noProcessEnv: the one place where the command line reads it
  env: Environment = process.env,
): CliConfig {
  const config = loadConfig(cliSettings, env);
  const mirror = config.FACEFLEET_MODEL_MIRROR ?? mirrorBesideCheckout();
  return Object.freeze({
    ...config,
    DATA_DIR: resolve(config.DATA_DIR ?? usualDataDir(env)),
    MODELS_DIR: resolve(config.MODELS_DIR ?? join(cacheHome(env), "facefleet", "models")),
    TFJS_NODE_DIR: resolve(config.TFJS_NODE_DIR ?? join(cacheHome(env), "facefleet", "tfjs-node")),
    ...(mirror !== undefined && { FACEFLEET_MODEL_MIRROR: mirror }),
    FACEFLEET_URL: config.FACEFLEET_URL ?? `http://127.0.0.1:${config.PORT}`,
    env,
  });
}

function usualDataDir(env: Environment): string {
  if (isCheckout) return join(rootDir, ".data");
  return join(env.XDG_DATA_HOME || join(homedir(), ".local", "share"), "facefleet");
}

/** Where the fleet of `up` has its objects, for whoever looks at them besides it; with what else is set for the store. */
export function storeEnvironment({ env, DATA_DIR, S3_BUCKET }: Pick<CliConfig, "env" | "DATA_DIR" | "S3_BUCKET">) {
  return S3_BUCKET === undefined ? { ...env, STORE_DIR: env.STORE_DIR || join(DATA_DIR, "objects") } : env;
}

function cacheHome(env: Environment): string {
  return env.XDG_CACHE_HOME || join(homedir(), ".cache");
}

function mirrorBesideCheckout(): string | undefined {
  if (!isCheckout) return undefined;
  const folder = resolve(rootDir, "..", "shared", "models");
  return existsSync(folder) ? folder : undefined;
}
