import { percent, textTable } from "../text-table.js";
import type { DistancesReport } from "./evaluate-distances.js";

/** The report for people. */
export function distancesTable({ pipeline, embedding, images, measurement, uncertainBand }: DistancesReport): string {
  const { genuinePairs, impostorPairs, points, measuredOn } = measurement;
  const faceless = images.withoutFace.length;
  const lines = [
    `${embedding} embeddings of ${pipeline.pack} with ${pipeline.detector} (fingerprint ${pipeline.fingerprint}), on ${measuredOn}`,
    `${images.count} pictures of ${images.people} people: ${genuinePairs} pairs of one person, ${impostorPairs} of two`,
    ...(faceless > 0
      ? [`of ${faceless} pictures without a face the centre was taken: ${images.withoutFace.join(", ")}`]
      : []),
    textTable([
      ["distance", "false accepts", "false rejects"],
      ...points.map(({ distance, falseAcceptRate, falseRejectRate }) => [
        String(distance),
        percent(falseAcceptRate, 4),
        percent(falseRejectRate),
      ]),
    ]),
    `on these pictures: match below ${uncertainBand.from}, no_match from ${uncertainBand.to} on, uncertain between`,
  ];
  return `${lines.join("\n")}\n\n`;
}
