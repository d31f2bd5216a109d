/** Every engine. What else a new one takes: docs/extending.md. This file loads no engine: settings import it alone. */
export const engineNames = ["onnx-cpu", "onnx-cuda", "onnx-webgpu", "tfjs-wasm", "tfjs-node", "tfjs-node-gpu"] as const;
export type EngineName = (typeof engineNames)[number];

/** What may be asked for: an engine, or `auto`, the best one that starts. */
export const engineChoices = ["auto", ...engineNames] as const;
export type EngineChoice = (typeof engineChoices)[number];
