import { stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { PinnedWeights } from "./pack-manifest.js";

const require = createRequire(import.meta.url);

/** A file that came along with the software. */
export function builtInPath(file: string): string {
  return require.resolve(`@facefleet/models/${file}`);
}

/**
 * Where the weights of a pack are or would be: with the software, or in `modelsDir`, under a name that tells one version
 * of them from another.
 */
export function weightsPath(modelsDir: string, { name, weights, origin }: PinnedWeights): string {
  if (origin.kind === "built-in") return builtInPath(origin.file);
  return join(modelsDir, `${name}-${weights.sha256.slice(0, 12)}.safetensors`);
}

/** Looks at the size only, so that it is quick; `verifyWeights` reads every byte. */
export async function weightsState(path: string, { weights }: PinnedWeights): Promise<"ready" | "missing" | "damaged"> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return "missing";
  return found.size === weights.bytes ? "ready" : "damaged";
}
