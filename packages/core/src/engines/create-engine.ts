import type { EngineName, EngineOptions, InferenceEngine } from "./inference-engine.js";

export type EngineChoice = EngineName | "auto";

/** What `auto` tries, best first. */
const preference: readonly EngineName[] = ["tfjs-node-gpu", "onnx-cuda", "onnx-cpu", "tfjs-wasm"];

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
  if (choice !== "auto") return { engine: await startEngine(choice, options), reason: "it was asked for" };
  const refusals: string[] = [];
  for (const name of preference) {
    try {
      const engine = await startEngine(name, options);
      return { engine, reason: ["it is the first of auto's preference that starts", ...refusals].join("; ") };
    } catch (error) {
      refusals.push(`not ${name}: ${(error as Error).message}`);
    }
  }
  throw new Error(`Expected one of ${preference.join(", ")} to start but none did: ${refusals.join("; ")}`);
}

/** An engine's library is loaded only when the engine is wanted. */
async function startEngine(name: EngineName, options: EngineOptions): Promise<InferenceEngine> {
  switch (name) {
    case "onnx-cpu":
    case "onnx-cuda":
    case "onnx-webgpu":
      return (await import("./onnx/onnx-engine.js")).OnnxEngine.start(name, options);
    case "tfjs-wasm":
      return (await import("./tfjs/load-tfjs.js")).loadTfjsWasm();
    case "tfjs-node":
    case "tfjs-node-gpu":
      return (await import("./tfjs/load-tfjs.js")).loadTfjsNode(name, options.tfjsNodeDir);
  }
}
