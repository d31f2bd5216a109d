import type { EngineChoice } from "./engine-names.js";
import { engines, preference } from "./engines.js";
import type { EngineOptions, InferenceEngine } from "./inference-engine.js";

export interface ChosenEngine {
  readonly engine: InferenceEngine;
  /** Why this one, in a sentence for the log. */
  readonly reason: string;
}

/**
 * Starts an engine. A named engine starts or rejects, never another in its place; `auto` takes the first
 * of its preference that starts, and its reason says why the ones before did not.
 */
export async function createEngine(choice: EngineChoice, options: EngineOptions = {}): Promise<ChosenEngine> {
  if (choice !== "auto") return { engine: await engines[choice](options), reason: "it was asked for" };
  const refusals: string[] = [];
  for (const name of preference) {
    try {
      const engine = await engines[name](options);
      return { engine, reason: ["it is the first of auto's preference that starts", ...refusals].join("; ") };
    } catch (error) {
      refusals.push(`not ${name}: ${(error as Error).message}`);
    }
  }
  throw new Error(`Expected one of ${preference.join(", ")} to start but none did: ${refusals.join("; ")}`);
}
