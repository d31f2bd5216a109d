import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FacePipeline } from "@facefleet/core";
import {
  averagePrecision,
  type DetectedImage,
  type PrecisionRecall,
  precisionRecallCurve,
} from "@facefleet/core/evaluation";
import { mapConcurrently } from "../../map-concurrently.js";
import { type EvalPipeline, type EvaluatedPipeline, everyFace, imagesAtOnce } from "../eval-pipeline.js";
import type { StartProgress } from "../eval-progress.js";
import { type ImageTruth, parseBoxesFile } from "./boxes-file.js";

/** How much a detection has to overlap a face. */
const minIou = 0.5;

export interface DetectionReport {
  readonly evaluation: "detection";
  readonly pipeline: EvaluatedPipeline;
  readonly images: number;
  readonly faces: number;
  readonly minIou: number;
  readonly averagePrecision: number;
  /** Of the detections at `minConfidence` or above. */
  readonly atConfidence: PrecisionRecall;
  readonly curve: readonly PrecisionRecall[];
}

export interface DetectionOptions extends Pick<EvalPipeline, "pipeline" | "detector" | "about"> {
  readonly imagesDir: string;
  readonly boxesFile: string;
  readonly minFaceSize: number;
  readonly minConfidence: number;
  readonly startProgress: StartProgress;
}

/** Compares the boxes that are found with the true ones. */
export async function evaluateDetection(options: DetectionOptions): Promise<DetectionReport> {
  const truths = parseBoxesFile(await readFile(options.boxesFile, "utf8"));
  const progress = options.startProgress("images", truths.length);
  const images = await mapConcurrently(truths, imagesAtOnce, async (truth) => {
    const image = await detect(options, truth);
    progress.advance();
    return image;
  }).finally(() => progress.stop());
  const curve = precisionRecallCurve(images, minIou);
  return {
    evaluation: "detection",
    pipeline: options.about,
    images: images.length,
    faces: images.reduce((sum, { truth }) => sum + truth.length, 0),
    minIou,
    averagePrecision: averagePrecision(curve),
    atConfidence: atConfidence(curve, options.minConfidence),
    curve,
  };
}

async function detect(
  { pipeline, detector, imagesDir, minFaceSize }: DetectionOptions,
  truth: ImageTruth,
): Promise<DetectedImage> {
  const path = join(imagesDir, truth.file);
  const { faces } = await analyse(pipeline, path, { detector, minFaceSize });
  return { truth: truth.boxes, found: faces.map(({ box, confidence }) => ({ box, confidence })) };
}

async function analyse(
  pipeline: FacePipeline,
  path: string,
  options: Pick<DetectionOptions, "detector" | "minFaceSize">,
) {
  try {
    return await pipeline.analyse(await readFile(path), { ...everyFace, ...options, embed: false });
  } catch (cause) {
    throw new Error(`Expected an image that can be analysed in ${path} but: ${(cause as Error).message}`, { cause });
  }
}

/** Without a detection there is nothing wrong among them, and nothing found. */
function atConfidence(curve: readonly PrecisionRecall[], minConfidence: number): PrecisionRecall {
  const point = curve.findLast(({ confidence }) => confidence >= minConfidence);
  return { precision: 1, recall: 0, ...point, confidence: minConfidence };
}
