import type { MeanWithError, OperatingPoint } from "@facefleet/core/evaluation";
import { factList, percent, textTable } from "../text-table.js";
import type { LfwReport } from "./evaluate-lfw.js";

/** The report for people. */
export function lfwTable({ pipeline, images, figures, everyPair }: LfwReport): string {
  const { crossValidation, validationRate: validation, pairs, best, fixed } = figures;
  const resolution = 1 / validation.impostorsPerChoice;
  const facts = factList([
    [
      "pipeline",
      `${pipeline.pack} with ${pipeline.detector} on ${pipeline.engine} (${pipeline.device}, ${pipeline.arithmetic}), fingerprint ${pipeline.fingerprint}`,
    ],
    ["pairs", `${pairs.same} same, ${pairs.different} different`],
    ["images", `${images.count}, of which ${images.cached} embedded before; ${images.seconds.toFixed(1)} s`],
    [
      "no face found",
      `${images.withoutFace.length}${images.withoutFace.length > 0 ? " (their centre was taken)" : ""}`,
    ],
    ["folds", foldsLine(crossValidation.folds.length, crossValidation.splitFromOne)],
    ["accuracy", `${withError(crossValidation.accuracy)} at the threshold of the other folds`],
    [
      `VAL at FAR ${validation.targetFalseAcceptRate}`,
      `${withError(validation.rate)} at a FAR of ${percent(validation.falseAcceptRate)} on the folds left out`,
    ],
    ...(resolution > validation.targetFalseAcceptRate ? [["", resolutionNote(figures)] as const] : []),
    ["AUC", figures.areaUnderCurve.toFixed(5)],
    ["EER", percent(figures.equalErrorRate)],
  ]);
  const points = textTable([
    ["threshold", "distance", "accuracy", "false accepts", "false rejects"],
    pointRow("best on these pairs", best),
    ...fixed.map((point) => pointRow("fixed", point)),
  ]);
  const everyTwo = textTable([
    ["every two images", "distance", "accuracy", "false accepts", "false rejects"],
    ...everyPair.atFalseAcceptRates.map(({ rate, point }) => pointRow(`false accepts of ${rate}`, point)),
    pointRow("fixed", everyPair.fixed),
  ]);
  const counts = `${everyPair.same} pairs of one person, ${everyPair.different} of two\n`;
  return `${facts}\n${points}\n${everyTwo}${counts}`;
}

function foldsLine(count: number, splitFromOne: boolean): string {
  return splitFromOne ? `${count}, parts of the one fold given` : `${count}`;
}

function resolutionNote({ validationRate: { impostorsPerChoice } }: LfwReport["figures"]): string {
  const step = percent(1 / impostorsPerChoice);
  return `${impostorsPerChoice} different pairs choose the threshold, in steps of ${step}: it allows no false accept`;
}

function pointRow(name: string, { threshold, accuracy, falseAcceptRate, falseRejectRate }: OperatingPoint): string[] {
  return [name, threshold.toFixed(3), accuracy.toFixed(4), percent(falseAcceptRate, 3), percent(falseRejectRate)];
}

function withError({ mean, standardError }: MeanWithError): string {
  return `${mean.toFixed(4)} +- ${standardError.toFixed(4)}`;
}
