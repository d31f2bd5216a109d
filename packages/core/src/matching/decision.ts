import type { Decision } from "@facefleet/contracts";
import { matchThreshold } from "./compare-embeddings.js";

/** How often a threshold errs, as measured. */
export interface DistancePoint {
  /** Euclidean distance of L2-normalised embeddings. */
  readonly distance: number;
  /** The share of pairs of different people that are nearer. */
  readonly falseAcceptRate: number;
  /** The share of pairs of one person that are this far apart or farther. */
  readonly falseRejectRate: number;
}

/** Thresholds tried on one set of pairs. */
export interface DistanceMeasurement {
  readonly measuredOn: string;
  readonly genuinePairs: number;
  readonly impostorPairs: number;
  /** By rising distance. */
  readonly points: readonly DistancePoint[];
}

/** Distances that people are known to reach with themselves and with others. */
export interface UncertainBand {
  readonly from: number;
  readonly to: number;
}

/** At most this share of strangers is called a `match`. */
export const matchFalseAcceptRate = 0.001;
/** At most this share of a person's own pairs is called a `no_match`. */
export const noMatchFalseRejectRate = 0.01;

/**
 * From the largest distance at which no measurement has more false accepts than `matchFalseAcceptRate`, to the
 * smallest at which none has more false rejects than `noMatchFalseRejectRate`. The match threshold is never
 * outside, so that a decision does not contradict `match`.
 */
export function uncertainBand(measurements: readonly DistanceMeasurement[]): UncertainBand {
  const from = measurements.map(({ points }) =>
    Math.max(0, ...distances(points.filter((point) => point.falseAcceptRate <= matchFalseAcceptRate))),
  );
  const to = measurements.map(({ points }) =>
    Math.min(2, ...distances(points.filter((point) => point.falseRejectRate <= noMatchFalseRejectRate))),
  );
  return { from: Math.min(matchThreshold, ...from), to: Math.max(matchThreshold, ...to) };
}

/** Says what a distance means, and when it means nothing for sure. */
export function decide(distance: number, { from, to }: UncertainBand): Decision {
  if (distance < from) return "match";
  return distance < to ? "uncertain" : "no_match";
}

function distances(points: readonly DistancePoint[]): number[] {
  return points.map(({ distance }) => distance);
}
