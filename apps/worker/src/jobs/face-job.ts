import {
  type FaceJobPayload,
  type ImageRef,
  type JobResult,
  ProblemError,
  type VerifyResult,
} from "@facefleet/contracts";
import type { AnalysedFace, AnalysisOptions, CallOptions, FaceAnalysis } from "@facefleet/core";
import { compareEmbeddings, decide, expectSameFingerprint, uncertainBand } from "@facefleet/core/matching";
import { packManifest } from "@facefleet/core/models";
import type { ObjectStore, RunningJob } from "@facefleet/platform";
import { fetchImage } from "./fetch-image.js";
import { toAnalysisResult, toFace } from "./result.js";

export interface FaceJobParts {
  readonly store: ObjectStore;
  readonly maxImageBytes: number;
  analyse(bytes: Uint8Array, options: AnalysisOptions, call: CallOptions): Promise<FaceAnalysis>;
  /** Told of each step's milliseconds as it ends. */
  onStage(stage: Stage, milliseconds: number): void;
}

export type Stage = "queue" | "fetch" | "decode" | "detect" | "embed";

interface FetchedAnalysis {
  readonly analysis: FaceAnalysis;
  readonly fetchMs: number;
}

interface FoundFace {
  readonly face: AnalysedFace;
  readonly model: FaceAnalysis["model"];
}

/** Does one job: from references to its result, or a ProblemError. */
export async function runFaceJob(job: RunningJob, parts: FaceJobParts, signal: AbortSignal): Promise<JobResult> {
  parts.onStage("queue", job.queueMs);
  const { task, options } = job.payload;
  if (task === "verify") return await verify(job, parts, signal);
  const [image] = job.payload.images;
  const { analysis, fetchMs } = await analyseImage(image as ImageRef, job, parts, signal);
  return toAnalysisResult(analysis, { format: options, queueMs: job.queueMs, fetchMs });
}

async function verify(job: RunningJob, parts: FaceJobParts, signal: AbortSignal): Promise<VerifyResult> {
  const { images, options } = job.payload;
  const found = await Promise.all(
    images.map(async (image, index) => {
      const place = `image ${index + 1} of ${images.length}`;
      const { analysis } = await analyseImage(image, job, parts, signal).catch((error) => rethrowFor(place, error));
      const [face] = analysis.faces;
      if (!face) throw new ProblemError("no_face_detected", noFace(place, analysis));
      return { face, model: analysis.model };
    }),
  );
  const [first, second] = found as [FoundFace, FoundFace];
  expectSameFingerprint(first.model.fingerprint, second.model.fingerprint);
  const comparison = compareEmbeddings(first.face.embedding ?? [], second.face.embedding ?? []);
  const band = uncertainBand(packManifest(first.model.pack).distances[options.embedding]);
  return {
    ...comparison,
    decision: decide(comparison.euclideanDistance, band),
    uncertainBand: band,
    faces: found.map(({ face }) => toFace(face, options)),
    model: first.model,
  };
}

function noFace(place: string, { dropped }: FaceAnalysis): string {
  const reasons = [...new Set(dropped.map(({ reason }) => reason))];
  const leftOut = reasons.length > 0 ? ` Faces were left out: ${reasons.join(", ")}.` : "";
  return `No face was found in ${place}.${leftOut}`;
}

/** Says which of a job's images the problem is about. */
function rethrowFor(place: string, error: unknown): never {
  if (!(error instanceof ProblemError)) throw error;
  const { code, message, extras } = error;
  throw new ProblemError(code, `In ${place}: ${message}`, { cause: error, extras });
}

async function analyseImage(
  image: ImageRef,
  job: RunningJob,
  parts: FaceJobParts,
  signal: AbortSignal,
): Promise<FetchedAnalysis> {
  job.reportStage("fetch");
  const start = performance.now();
  const bytes = await fetchImage(parts.store, image, { maxBytes: parts.maxImageBytes, signal });
  const fetchMs = performance.now() - start;
  parts.onStage("fetch", fetchMs);
  job.reportStage("analyse");
  // Somebody waits for it: it does not wait for what may take hours anyway.
  const urgent = job.priority === "interactive";
  const analysis = await parts.analyse(bytes, analysisOptions(job.payload), { signal, urgent });
  parts.onStage("decode", analysis.timings.decodeMs);
  parts.onStage("detect", analysis.timings.detectMs);
  if (job.payload.task !== "detect") parts.onStage("embed", analysis.timings.embedMs);
  return { analysis, fetchMs };
}

function analysisOptions({ task, options }: FaceJobPayload): AnalysisOptions {
  const { landmarks, embeddingFormat, ...analysis } = options;
  return { ...analysis, maxFaces: task === "verify" ? 1 : options.maxFaces, embed: task !== "detect" };
}
