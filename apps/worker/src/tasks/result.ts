import type {
  AnalysisResult,
  Box,
  DroppedFace,
  Embedding,
  Face,
  ImageInfo,
  JobOptions,
  JobResult,
  Landmarks,
  Timings,
} from "@facefleet/contracts";
import { type AnalysedFace, answered, type FaceAnalysis } from "@facefleet/core";
import { embeddingToBase64 } from "@facefleet/matching";

/** What a job took until its images were here, in milliseconds. */
export interface JobTimes {
  readonly queueMs: number;
  readonly fetchMs: number;
}

type ImageSize = Pick<ImageInfo, "width" | "height">;
type FaceFormat = Pick<JobOptions, "landmarks" | "embeddingFormat">;

/** A face as the wire shows it. */
export function toFace(face: AnalysedFace, image: ImageSize, format: FaceFormat): Face {
  const box = answered.box(face.box);
  return {
    box,
    ...(reachesPast(box, image) && { cut: true }),
    ...(face.turned && { turned: face.turned }),
    confidence: answered.confidence(face.confidence),
    ...(format.landmarks && face.landmarks && { landmarks: roundLandmarks(face.landmarks) }),
    ...(face.quality && { quality: answered.quality(face.quality) }),
    ...(face.embedding && { embedding: toEmbedding(face.embedding, format.embeddingFormat) }),
    ...(face.crop && { crop: Buffer.from(face.crop).toString("base64") }),
  };
}

/** The result of `detect` and `embed`. */
export function toAnalysisResult(
  analysis: FaceAnalysis,
  job: JobTimes & { readonly format: FaceFormat },
): AnalysisResult {
  return {
    image: analysis.image,
    faces: analysis.faces.map((face) => toFace(face, analysis.image, job.format)),
    dropped: analysis.dropped.map((face) => toDroppedFace(face, analysis.image)),
    model: analysis.model,
    timings: toTimings(job, analysis.timings),
  };
}

/** Another job's result as that of a job for which nothing was run. */
export function reusedResult(result: JobResult, times: JobTimes): JobResult {
  if (!("timings" in result)) return result;
  return { ...result, timings: { ...roundTimes(times), decodeMs: 0, detectMs: 0, embedMs: 0, batchSize: 0 } };
}

/** The wire counts what is made of an image to what it is made for. */
function toTimings(times: JobTimes, timings: FaceAnalysis["timings"]): Timings {
  const { decodeMs, pyramidMs, detectMs, alignMs, embedMs, batchSize } = timings;
  return {
    ...roundTimes(times),
    decodeMs: round(decodeMs, 2),
    detectMs: round(pyramidMs + detectMs, 2),
    embedMs: round(alignMs + embedMs, 2),
    batchSize,
  };
}

function roundTimes({ queueMs, fetchMs }: JobTimes): JobTimes {
  return { queueMs: round(queueMs, 2), fetchMs: round(fetchMs, 2) };
}

/** Nine significant digits name a float32 exactly; more would be noise. */
function toEmbedding(values: Float32Array, format: JobOptions["embeddingFormat"]): Embedding {
  if (format === "float") return Array.from(values, (value) => Number(value.toPrecision(9)));
  return embeddingToBase64(values);
}

function toDroppedFace({ box, confidence, reason }: DroppedFace, image: ImageSize): DroppedFace {
  const rounded = answered.box(box);
  const cut = reachesPast(rounded, image) && { cut: true };
  return { box: rounded, ...cut, confidence: answered.confidence(confidence), reason };
}

/** Whether the picture's border cuts a box. */
function reachesPast({ x, y, width, height }: Box, image: ImageSize): boolean {
  return x < 0 || y < 0 || x + width > image.width || y + height > image.height;
}

function roundLandmarks(landmarks: Landmarks): Landmarks {
  const { leftEye, rightEye, nose, mouthLeft, mouthRight } = landmarks;
  const at = ({ x, y }: Landmarks["nose"]) => ({ x: answered.length(x), y: answered.length(y) });
  return {
    leftEye: at(leftEye),
    rightEye: at(rightEye),
    nose: at(nose),
    mouthLeft: at(mouthLeft),
    mouthRight: at(mouthRight),
  };
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
