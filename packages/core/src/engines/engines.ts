import type { EngineName } from "./engine-names.js";
import type { EngineOptions, InferenceEngine } from "./inference-engine.js";
import type { OnnxEngineName } from "./onnx/onnx-engine.js";

type StartEngine = (options: EngineOptions) => Promise<InferenceEngine>;

/** How each engine starts. Its library is loaded only then. */
export const engines: Readonly<Record<EngineName, StartEngine>> = {
  "onnx-cpu": onnx("onnx-cpu"),
  "onnx-cuda": onnx("onnx-cuda"),
  "onnx-webgpu": onnx("onnx-webgpu"),
  "tfjs-wasm": async () => (await tfjs()).loadTfjsWasm(),
  "tfjs-node": async ({ tfjsNodeDir }) => (await tfjs()).loadTfjsNode("tfjs-node", tfjsNodeDir),
  "tfjs-node-gpu": async ({ tfjsNodeDir }) => (await tfjs()).loadTfjsNode("tfjs-node-gpu", tfjsNodeDir),
};

/** What `auto` tries, best first. */
export const preference: readonly EngineName[] = ["tfjs-node-gpu", "onnx-cuda", "onnx-cpu", "tfjs-wasm"];

function onnx(name: OnnxEngineName): StartEngine {
  return async (options) => (await import("./onnx/onnx-engine.js")).OnnxEngine.start(name, options);
}

function tfjs() {
  return import("./tfjs/load-tfjs.js");
}
