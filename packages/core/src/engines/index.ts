export { type ChosenEngine, createEngine, type EngineChoice } from "./create-engine.js";
export {
  type Arithmetic,
  type EngineName,
  type EngineOptions,
  engineNames,
  type InferenceEngine,
  rowOf,
  type Session,
  type Tensor,
} from "./inference-engine.js";
export type { Quantisation } from "./quantised-ops.js";
export { runEach } from "./run-each.js";
export { createEngineThread } from "./thread/threaded-engine.js";
