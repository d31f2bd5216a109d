export {
  type Admitted,
  type BatchReport,
  type BatchStage,
  type CallOptions,
  DynamicBatcher,
  type ImageMemory,
  imageMemory,
} from "./batching/index.js";
export {
  type Arithmetic,
  type ChosenEngine,
  createEngine,
  createEngineThread,
  type EngineChoice,
  type EngineName,
  type EngineOptions,
  engineChoices,
  engineNames,
  type InferenceEngine,
  type Session,
  type Tensor,
} from "./engines/index.js";
export * from "./pipeline/index.js";
export { answered } from "./quality/index.js";
