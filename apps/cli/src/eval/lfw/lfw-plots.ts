import { distancesByKind } from "@facefleet/core/evaluation";
import { type Axis, countTicks, evenTicks, SvgChart, seriesColours } from "../plots/svg-chart.js";
import { percent } from "../text-table.js";
import type { LfwReport } from "./evaluate-lfw.js";

/** The plots of a report, by file name. */
export function lfwPlots(report: LfwReport): Record<string, string> {
  return {
    "roc.svg": rocPlot(report),
    "distances.svg": distancePlot(report),
    "folds.svg": foldPlot(report),
  };
}

/** The false accept rate is logarithmic: what matters happens in its lowest thousandths. */
function rocPlot({ figures: { roc, areaUnderCurve, pairs } }: LfwReport): string {
  // No rate below one false accept can be measured; the axis starts one step lower, for none at all.
  const from = 10 ** Math.floor(Math.log10(0.5 / pairs.different));
  const powers = Array.from({ length: Math.round(-Math.log10(from)) + 1 }, (_, i) => from * 10 ** i);
  const lowest = Math.min(
    0.9,
    ...roc
      .slice(1)
      .filter((p) => p.falseAcceptRate > 0)
      .map((p) => p.trueAcceptRate),
  );
  const bottom = Math.floor(lowest * 10) / 10;
  const x: Axis = {
    label: "False accept rate (logarithmic; no false accept at the left edge)",
    from,
    to: 1,
    ticks: powers,
    logarithmic: true,
    tickText: (rate) => `${Number((100 * rate).toPrecision(1))} %`,
  };
  const y = shareAxis("True accept rate", bottom);
  const points = roc.map((p) => [p.falseAcceptRate, p.trueAcceptRate] as const);
  return new SvgChart("Receiver operating characteristic", x, y)
    .explain(`area under the curve ${areaUnderCurve.toFixed(5)}`, seriesColours.first)
    .line(points, seriesColours.first)
    .toString();
}

const binWidth = 0.05;

function distancePlot({ distances, figures }: LfwReport): string {
  const { same, different } = distancesByKind(distances);
  const [genuine, impostor] = [histogram(same), histogram(different)];
  const ticks = countTicks(Math.max(...genuine, ...impostor));
  const top = ticks.at(-1) as number;
  const x: Axis = { label: "Euclidean distance of the two embeddings", from: 0, to: 2, ticks: evenTicks(0, 2, 10) };
  const y: Axis = { label: "Pairs", from: 0, to: top, ticks };
  const chart = new SvgChart("Distances of genuine and impostor pairs", x, y)
    .explain(`same person (${same.length} pairs)`, seriesColours.first)
    .explain(`different people (${different.length} pairs)`, seriesColours.second)
    .explain(`best threshold ${figures.best.threshold.toFixed(3)}`, seriesColours.mark);
  for (const [bins, colour] of [
    [genuine, seriesColours.first],
    [impostor, seriesColours.second],
  ] as const) {
    for (const [i, count] of bins.entries()) {
      if (count > 0) chart.bar(i * binWidth, (i + 1) * binWidth, count, colour);
    }
  }
  return chart.verticalRule(figures.best.threshold, seriesColours.mark).toString();
}

function histogram(distances: readonly number[]): number[] {
  const bins = new Array<number>(Math.round(2 / binWidth)).fill(0);
  for (const distance of distances) {
    const bin = Math.min(bins.length - 1, Math.floor(distance / binWidth));
    bins[bin] = (bins[bin] as number) + 1;
  }
  return bins;
}

function foldPlot({ figures: { crossValidation } }: LfwReport): string {
  const { folds, accuracy, splitFromOne } = crossValidation;
  const lowest = Math.min(...folds.map((fold) => fold.accuracy));
  const count = folds.length;
  const x: Axis = {
    label: splitFromOne ? "Part of the one fold that was given" : "Fold",
    from: 0.5,
    to: count + 0.5,
    ticks: evenTicks(1, count, count - 1),
  };
  const y = shareAxis("Accuracy", Math.min(0.95, Math.floor(lowest * 20) / 20));
  const chart = new SvgChart("Accuracy of each fold at the threshold of the others", x, y)
    .explain("fold", seriesColours.first)
    .explain(`mean ${accuracy.mean.toFixed(4)} +- ${accuracy.standardError.toFixed(4)}`, seriesColours.second)
    .horizontalRule(accuracy.mean, seriesColours.second);
  for (const [i, fold] of folds.entries()) chart.dot(i + 1, fold.accuracy, seriesColours.first);
  return chart.toString();
}

/** From `bottom` to 1, in percent. */
function shareAxis(label: string, bottom: number): Axis {
  return { label, from: bottom, to: 1, ticks: evenTicks(bottom, 1, 5), tickText: (share) => percent(share, 1) };
}
