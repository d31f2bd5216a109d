import {
  type FaceJobPayload,
  type ImageRef,
  type JobOptions,
  type JobResult,
  ProblemError,
  type Task,
  type VerifyResult,
} from "@facefleet/contracts";
import type { AnalysisOptions, CallOptions, FaceAnalysis } from "@facefleet/core";
import { packManifest } from "@facefleet/core/models";
import { compareEmbeddings, decide, expectSameFingerprint, uncertainBand } from "@facefleet/matching";
import { inSpan, type RunningJob } from "@facefleet/platform";
import type { AnalysisCache } from "./analysis-cache.js";
import { fetchImage, type ImageSources } from "./fetch-image.js";
import { type JobTimes, reusedResult, toAnalysisResult, toFace } from "./result.js";
import { tracedAnalysis } from "./traced-analysis.js";

export interface FaceJobParts extends ImageSources {
  readonly maxImageBytes: number;
  /** Unset: every job is run. */
  readonly cache?: AnalysisCache | undefined;
  analyse(bytes: Uint8Array, options: AnalysisOptions, call: CallOptions): Promise<FaceAnalysis>;
  /** Told of each step's milliseconds as it ends. */
  onStage(stage: Stage, milliseconds: number): void;
}

export type Stage = "queue" | "fetch" | "memory" | "decode" | "pyramid" | "detect" | "align" | "embed";

interface FetchedImage {
  readonly bytes: Uint8Array;
  readonly fetchMs: number;
}

/** Does one job: from references to its result, or a ProblemError. */
export async function runFaceJob(job: RunningJob, parts: FaceJobParts, signal: AbortSignal): Promise<JobResult> {
  parts.onStage("queue", job.queueMs);
  job.reportStage("fetch");
  const fetched = await forEach(job.payload.images, (image) => fetchTimed(image, job, parts, signal));
  job.reportStage("analyse");
  const images = fetched.map(({ bytes }) => bytes);
  const times = { queueMs: job.queueMs, fetchMs: fetched[0]!.fetchMs };
  const run = async () => {
    const analyses = await forEach(images, (bytes, index) => analyse(bytes, index, job, parts, signal));
    return toResult(analyses, job.payload, times);
  };
  if (!parts.cache) return await run();
  const { result, isReused } = await parts.cache.answer({ job, images, signal, run });
  return isReused ? reusedResult(result, times) : result;
}

function toResult(analyses: FaceAnalysis[], { task, options }: FaceJobPayload, times: JobTimes): JobResult {
  if (task === "verify") return verify(analyses, options);
  return toAnalysisResult(analyses[0]!, { format: options, ...times });
}

/** Compares the first face of the first image with every face of the second one. */
function verify(analyses: FaceAnalysis[], options: JobOptions): VerifyResult {
  expectFaces(analyses);
  const [first, second] = analyses as [FaceAnalysis, FaceAnalysis];
  expectSameFingerprint(first.model.fingerprint, second.model.fingerprint);
  const probe = first.faces[0]!;
  const band = uncertainBand(packManifest(first.model.pack).distances[options.detector][options.embedding]);
  const compared = second.faces
    .map((face) => ({ face, comparison: compareEmbeddings(probe.embedding ?? [], face.embedding ?? []) }))
    .sort((a, b) => a.comparison.euclideanDistance - b.comparison.euclideanDistance);
  const [best, ...others] = compared as [(typeof compared)[0], ...typeof compared];
  return {
    ...best.comparison,
    decision: decide(best.comparison.euclideanDistance, band),
    uncertainBand: band,
    faces: [toFace(probe, first.image, options), toFace(best.face, second.image, options)],
    faceCounts: analyses.map(faceCount),
    candidates: others.map(({ face: { embedding, ...face }, comparison: { threshold, ...comparison } }) => ({
      ...comparison,
      decision: decide(comparison.euclideanDistance, band),
      face: toFace(face, second.image, options),
    })),
    model: first.model,
  };
}

/** Also those that are past `maxFaces`. */
function faceCount({ faces, dropped }: FaceAnalysis): number {
  return faces.length + dropped.filter(({ reason }) => reason === "over_limit").length;
}

/** @throws ProblemError no_face_detected that names every image that has none */
function expectFaces(analyses: readonly FaceAnalysis[]): void {
  const faults = analyses.flatMap(({ faces, dropped }, index) => {
    if (faces.length > 0) return [];
    const reasons = [...new Set(dropped.map(({ reason }) => reason))];
    const leftOut = reasons.length > 0 ? ` Faces were left out: ${reasons.join(", ")}.` : "";
    return [`No face was found in ${place(index, analyses)}.${leftOut}`];
  });
  if (faults.length > 0) throw new ProblemError("no_face_detected", faults.join(" "));
}

/** Does the work for all of a job's images at once; of several, says which one the problem is about. */
async function forEach<T, R>(images: readonly T[], work: (image: T, index: number) => Promise<R>): Promise<R[]> {
  return await Promise.all(
    images.map((image, index) =>
      work(image, index).catch((error: unknown) => {
        if (!(error instanceof ProblemError) || images.length === 1) throw error;
        const { code, message, extras } = error;
        throw new ProblemError(code, `In ${place(index, images)}: ${message}`, { cause: error, extras });
      }),
    ),
  );
}

function place(index: number, { length }: readonly unknown[]): string {
  return `image ${index + 1} of ${length}`;
}

async function fetchTimed(
  image: ImageRef,
  { payload: { tenant } }: RunningJob,
  parts: FaceJobParts,
  signal: AbortSignal,
): Promise<FetchedImage> {
  const start = performance.now();
  const options = { tenant, maxBytes: parts.maxImageBytes, signal };
  const bytes = await inSpan("fetch", { signal }, () => fetchImage(parts, image, options));
  const fetchMs = performance.now() - start;
  parts.onStage("fetch", fetchMs);
  return { bytes, fetchMs };
}

async function analyse(
  bytes: Uint8Array,
  index: number,
  { payload, priority }: RunningJob,
  parts: FaceJobParts,
  signal: AbortSignal,
): Promise<FaceAnalysis> {
  // Somebody waits for it: it does not wait for what may take hours anyway.
  const urgent = priority === "interactive";
  const analysis = await tracedAnalysis(payload.task, signal, () =>
    parts.analyse(bytes, analysisOptions(payload, index), { signal, urgent, flow: payload.tenant }),
  );
  reportStages(analysis.timings, payload.task, parts);
  return analysis;
}

function reportStages(timings: FaceAnalysis["timings"], task: Task, { onStage }: FaceJobParts): void {
  onStage("memory", timings.memoryMs);
  onStage("decode", timings.decodeMs);
  onStage("pyramid", timings.pyramidMs);
  onStage("detect", timings.detectMs);
  if (task === "detect") return;
  onStage("align", timings.alignMs);
  onStage("embed", timings.embedMs);
}

/** Of a verification's first image the one face is wanted that all of the second's are compared with. */
function analysisOptions({ task, options }: FaceJobPayload, index: number): AnalysisOptions {
  const { landmarks, embeddingFormat, ...analysis } = options;
  const maxFaces = task === "verify" && index === 0 ? 1 : options.maxFaces;
  return { ...analysis, maxFaces, embed: task !== "detect" };
}
