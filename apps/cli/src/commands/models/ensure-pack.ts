import { type PullOutcome, pullPack } from "@facefleet/core/models";
import type { ModelsConfig } from "./models-config.js";
import { createPullDisplay } from "./pull-display.js";

export interface EnsurePackOptions {
  readonly name?: string | undefined;
  /** Shows no progress. */
  readonly quiet?: boolean;
  readonly signal?: AbortSignal;
}

/** Pulls a model pack unless it is there, with its progress on stderr. @throws PackError of one sentence. */
export async function ensurePack(config: ModelsConfig, options: EnsurePackOptions = {}): Promise<PullOutcome> {
  const { name = config.PACK, quiet = false, signal } = options;
  const display = quiet ? undefined : createPullDisplay(name, process.stderr);
  try {
    return await pullPack({
      name,
      modelsDir: config.MODELS_DIR,
      mirror: config.FACEFLEET_MODEL_MIRROR,
      signal,
      onProgress: display?.update,
    });
  } finally {
    display?.end();
  }
}
