import { type ImageRef, type JobOptions, type ModelInfo, type Task, taskCatalogue } from "@facefleet/contracts";
import type { AnalysisOptions, CallOptions, FaceAnalysis } from "@facefleet/core";
import { inSpan, type RunningJob } from "@facefleet/platform";
import { fetchImage, type ImageSources } from "../images/fetch-image.js";
import { tracedAnalysis } from "./traced-analysis.js";

/** What it takes to see what is in an image of a job. */
export interface ImageParts extends ImageSources {
  readonly maxImageBytes: number;
  analyse(bytes: Uint8Array, options: AnalysisOptions, call: CallOptions): Promise<FaceAnalysis>;
  /** What makes such embeddings now. */
  modelOf(options: ModelOptions): ModelInfo;
  /** Told of each step's milliseconds as it ends. */
  onStage(stage: Stage, milliseconds: number): void;
}

export type Stage = "queue" | "fetch" | "memory" | "decode" | "pyramid" | "detect" | "align" | "embed";

export type ModelOptions = Pick<JobOptions, "detection" | "detector" | "embedding">;

export interface FetchedImage {
  readonly bytes: Uint8Array;
  readonly fetchMs: number;
}

export async function fetchTimed(
  image: ImageRef,
  { payload: { tenant } }: RunningJob,
  parts: ImageParts,
  signal: AbortSignal,
): Promise<FetchedImage> {
  const start = performance.now();
  const options = { tenant, maxBytes: parts.maxImageBytes, signal };
  const bytes = await inSpan("fetch", { signal }, () => fetchImage(parts, image, options));
  const fetchMs = performance.now() - start;
  parts.onStage("fetch", fetchMs);
  return { bytes, fetchMs };
}

export async function analyseImage(
  bytes: Uint8Array,
  options: JobOptions,
  { payload, priority }: RunningJob,
  parts: ImageParts,
  signal: AbortSignal,
): Promise<FaceAnalysis> {
  // Somebody waits for it: it does not wait for what may take hours anyway.
  const urgent = priority === "interactive";
  const analysis = await tracedAnalysis(payload.task, signal, () =>
    parts.analyse(
      bytes,
      { ...analysisOptions(options), embed: taskCatalogue[payload.task].embeds },
      { signal, urgent, flow: payload.tenant },
    ),
  );
  reportStages(analysis.timings, payload.task, parts);
  return analysis;
}

function reportStages(timings: FaceAnalysis["timings"], task: Task, { onStage }: ImageParts): void {
  onStage("memory", timings.memoryMs);
  onStage("decode", timings.decodeMs);
  onStage("pyramid", timings.pyramidMs);
  onStage("detect", timings.detectMs);
  if (!taskCatalogue[task].embeds) return;
  onStage("align", timings.alignMs);
  onStage("embed", timings.embedMs);
}

function analysisOptions({ landmarks, embeddingFormat, ...analysis }: JobOptions): Omit<AnalysisOptions, "embed"> {
  return analysis;
}

/** Also those that are past `maxFaces`. */
export function faceCount({ faces, dropped }: FaceAnalysis): number {
  return faces.length + dropped.filter(({ reason }) => reason === "over_limit").length;
}

/** That an image shows no face that is kept, and why others are not. */
export function noFaceIn(where: string, { dropped }: FaceAnalysis): string {
  const reasons = [...new Set(dropped.map(({ reason }) => reason))];
  const leftOut = reasons.length > 0 ? ` Faces were left out: ${reasons.join(", ")}.` : "";
  return `No face was found in ${where}.${leftOut}`;
}
