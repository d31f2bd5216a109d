import type {
  AnalysisResult,
  Box,
  DroppedFace,
  Embedding,
  Face,
  FaceQuality,
  JobOptions,
  JobResult,
  Landmarks,
  Timings,
} from "@facefleet/contracts";
import type { AnalysedFace, FaceAnalysis } from "@facefleet/core";

/** What a job took until its images were here, in milliseconds. */
export interface JobTimes {
  readonly queueMs: number;
  readonly fetchMs: number;
}

type FaceFormat = Pick<JobOptions, "landmarks" | "embeddingFormat">;

/** A face as the wire shows it. */
export function toFace(face: AnalysedFace, format: FaceFormat): Face {
  return {
    box: roundBox(face.box),
    confidence: round(face.confidence, 6),
    ...(format.landmarks && { landmarks: roundLandmarks(face.landmarks) }),
    ...(face.quality && { quality: roundQuality(face.quality) }),
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
    faces: analysis.faces.map((face) => toFace(face, job.format)),
    dropped: analysis.dropped.map(toDroppedFace),
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
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    bytes.writeFloatLE(value, 4 * index);
  });
  return bytes.toString("base64");
}

function toDroppedFace({ box, confidence, reason }: DroppedFace): DroppedFace {
  return { box: roundBox(box), confidence: round(confidence, 6), reason };
}

function roundBox({ x, y, width, height }: Box): Box {
  return { x: round(x, 3), y: round(y, 3), width: round(width, 3), height: round(height, 3) };
}

function roundLandmarks(landmarks: Landmarks): Landmarks {
  const { leftEye, rightEye, nose, mouthLeft, mouthRight } = landmarks;
  const at = ({ x, y }: Landmarks["nose"]) => ({ x: round(x, 3), y: round(y, 3) });
  return {
    leftEye: at(leftEye),
    rightEye: at(rightEye),
    nose: at(nose),
    mouthLeft: at(mouthLeft),
    mouthRight: at(mouthRight),
  };
}

function roundQuality({ sharpness, brightness, pose: { yaw, pitch, roll } }: FaceQuality): FaceQuality {
  const pose = { yaw: round(yaw, 2), pitch: round(pitch, 2), roll: round(roll, 2) };
  return { sharpness: round(sharpness, 4), brightness: round(brightness, 4), pose };
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals));
}
