import { factList, percent } from "../text-table.js";
import type { DetectionReport } from "./evaluate-detection.js";

/** The report for people. */
export function detectionTable(report: DetectionReport): string {
  const { pipeline, atConfidence } = report;
  return factList([
    ["pipeline", `${pipeline.pack} with ${pipeline.detector} on ${pipeline.engine} (${pipeline.device})`],
    ["images", `${report.images} with ${report.faces} faces`],
    [`average precision at IoU ${report.minIou}`, report.averagePrecision.toFixed(4)],
    [`precision at confidence ${atConfidence.confidence}`, percent(atConfidence.precision)],
    [`recall at confidence ${atConfidence.confidence}`, percent(atConfidence.recall)],
  ]);
}
