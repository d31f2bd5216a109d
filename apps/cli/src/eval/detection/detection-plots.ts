import { type Axis, evenTicks, SvgChart, seriesColours } from "../plots/svg-chart.js";
import { percent } from "../text-table.js";
import type { DetectionReport } from "./evaluate-detection.js";

/** The plots of a report, by file name. */
export function detectionPlots({ curve, averagePrecision, minIou, atConfidence }: DetectionReport) {
  const share = (label: string): Axis => ({
    label,
    from: 0,
    to: 1,
    ticks: evenTicks(0, 1, 5),
    tickText: (value) => percent(value, 0),
  });
  const plot = new SvgChart(`Precision and recall at IoU ${minIou}`, share("Recall"), share("Precision"))
    .explain(`average precision ${averagePrecision.toFixed(4)}`, seriesColours.first)
    .explain(`at confidence ${atConfidence.confidence}`, seriesColours.second)
    .line(
      curve.map(({ recall, precision }) => [recall, precision] as const),
      seriesColours.first,
    )
    .dot(atConfidence.recall, atConfidence.precision, seriesColours.second);
  return { "precision-recall.svg": plot.toString() };
}
