export { type EmbeddingKind, embeddingKinds } from "../alignment/index.js";
export type { AnalysedFace, AnalysisCall, AnalysisOptions, FaceAnalysis } from "./face-analysis.js";
export { FacePipeline, type FacePipelineOptions, type PipelineLimits } from "./face-pipeline.js";
export { type FoundBy, finders } from "./fingerprint.js";
