export type { AnalysedFace, AnalysisOptions, FaceAnalysis } from "./face-analysis.js";
export { type BatchReport, FacePipeline, type FacePipelineOptions, type PipelineLimits } from "./face-pipeline.js";
