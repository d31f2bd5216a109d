import {
  type FaceJobPayload,
  type JobOptions,
  type JobResult,
  ProblemError,
  type VerifyResult,
} from "@facefleet/contracts";
import type { FaceAnalysis } from "@facefleet/core";
import { packManifest } from "@facefleet/core/models";
import { compareEmbeddings, decide, expectSameFingerprint, uncertainBand } from "@facefleet/matching";
import type { RunningJob } from "@facefleet/platform";
import type { AnalysisCache } from "./analysis-cache.js";
import { match } from "./match.js";
import { type JobTimes, reusedResult, toAnalysisResult, toFace } from "./result.js";
import { analyseImage, faceCount, fetchTimed, type ImageParts, noFaceIn } from "./seen-image.js";

export interface FaceJobParts extends ImageParts {
  /** Unset: every job is run. */
  readonly cache?: AnalysisCache | undefined;
}

/** Does one job: from references to its result, or a ProblemError. */
export async function runFaceJob(job: RunningJob, parts: FaceJobParts, signal: AbortSignal): Promise<JobResult> {
  parts.onStage("queue", job.queueMs);
  job.reportStage("fetch");
  // It never holds all of its images, as whoever looks for a result by its images has to.
  if (job.payload.task === "match") return await match(job, parts, signal);
  const fetched = await forEach(job.payload.images, (image) => fetchTimed(image, job, parts, signal));
  job.reportStage("analyse");
  const images = fetched.map(({ bytes }) => bytes);
  const times = { queueMs: job.queueMs, fetchMs: fetched[0]!.fetchMs };
  const run = async () => {
    const analyses = await forEach(images, (bytes, index) =>
      analyseImage(bytes, optionsOf(job.payload, index), job, parts, signal),
    );
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

/** @throws ProblemError no_face_detected that names every image that has none */
function expectFaces(analyses: readonly FaceAnalysis[]): void {
  const faults = analyses.flatMap((analysis, index) =>
    analysis.faces.length > 0 ? [] : [noFaceIn(place(index, analyses), analysis)],
  );
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

/** Of a verification's first image the one face is wanted that all of the second's are compared with. */
function optionsOf({ task, options }: FaceJobPayload, index: number): JobOptions {
  return task === "verify" && index === 0 ? { ...options, maxFaces: 1 } : options;
}
