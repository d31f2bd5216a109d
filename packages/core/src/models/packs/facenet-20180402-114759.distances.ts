import type { DistanceMeasurement } from "@facefleet/matching";
import type { PackManifest } from "../pack-manifest.js";

type Row = readonly [distance: number, falseAcceptRate: number, falseRejectRate: number];

/** As scripts/measure-distances.mjs prints them. */
function everyPair(rows: readonly Row[]): DistanceMeasurement {
  return {
    measuredOn: "every two pictures of LFW's fold 1 (deep-funneled, 250 x 250), by this software",
    genuinePairs: 931,
    impostorPairs: 324_290,
    points: rows.map(([distance, falseAcceptRate, falseRejectRate]) => ({
      distance,
      falseAcceptRate,
      falseRejectRate,
    })),
  };
}

export const facenet20180402Distances: PackManifest["distances"] = {
  standard: [
    everyPair([
      [0.7, 0.000003, 0.3255],
      [0.75, 0.000006, 0.2374],
      [0.8, 0.000031, 0.1515],
      [0.825, 0.000059, 0.1203],
      [0.85, 0.00012, 0.0988],
      [0.875, 0.000287, 0.0795],
      [0.9, 0.000484, 0.0591],
      [0.925, 0.000888, 0.0419],
      [0.95, 0.001335, 0.0311],
      [0.975, 0.002044, 0.0247],
      [1, 0.003133, 0.0204],
      [1.025, 0.00478, 0.0086],
      [1.05, 0.007176, 0.0064],
      [1.075, 0.01062, 0.0032],
      [1.1, 0.015625, 0.0011],
      [1.125, 0.022514, 0.0011],
      [1.15, 0.032693, 0.0011],
      [1.175, 0.046779, 0.0011],
      [1.2, 0.065996, 0.0],
    ]),
    {
      measuredOn: "the pairs of all ten folds of LFW, by the float32 reference",
      genuinePairs: 3000,
      impostorPairs: 3000,
      points: [{ distance: 1, falseAcceptRate: 0.001, falseRejectRate: 0.022 }],
    },
  ],
  high: [
    everyPair([
      [0.7, 0.000003, 0.3061],
      [0.75, 0.000006, 0.2073],
      [0.8, 0.000028, 0.1353],
      [0.825, 0.000059, 0.1063],
      [0.85, 0.00012, 0.0816],
      [0.875, 0.000271, 0.0602],
      [0.9, 0.000493, 0.0451],
      [0.925, 0.000789, 0.0365],
      [0.95, 0.001264, 0.0311],
      [0.975, 0.002011, 0.0193],
      [1, 0.002982, 0.014],
      [1.025, 0.004481, 0.0097],
      [1.05, 0.00688, 0.0032],
      [1.075, 0.010121, 0.0011],
      [1.1, 0.014687, 0.0011],
      [1.125, 0.021453, 0.0011],
      [1.15, 0.031148, 0.0],
      [1.175, 0.044325, 0.0],
      [1.2, 0.062648, 0.0],
    ]),
  ],
};
