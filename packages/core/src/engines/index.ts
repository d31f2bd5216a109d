export { type ChosenEngine, createEngine } from "./create-engine.js";
export { type EngineChoice, type EngineName, engineChoices, engineNames } from "./engine-names.js";
export {
  type Arithmetic,
  type EngineOptions,
  type InferenceEngine,
  rowOf,
  type Session,
  type Tensor,
} from "./inference-engine.js";
export type { Quantisation } from "./quantised-ops.js";
export { runEach } from "./run-each.js";
export { createEngineThread } from "./thread/threaded-engine.js";
