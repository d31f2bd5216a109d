import type { Decision } from "@facefleet/contracts";
import { matchThreshold } from "./compare-embeddings.js";

/** How often a threshold errs, as measured. */
interface DistancePoint {
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
const matchFalseAcceptRate = 0.001;
/** At most this share of a person's own pairs is called a `no_match`. */
const noMatchFalseRejectRate = 0.005;

/**
 * From the largest distance with at most `matchFalseAcceptRate` to the smallest with at most
 * `noMatchFalseRejectRate`; of several measurements the more careful one counts, and one that does not reach a
 * rate has no say in it. The match threshold is never outside, so that a decision does not contradict `match`.
 */
export function uncertainBand(measurements: readonly DistanceMeasurement[]): UncertainBand {
  const acceptable = ({ falseAcceptRate }: DistancePoint) => falseAcceptRate <= matchFalseAcceptRate;
  const rejectable = ({ falseRejectRate }: DistancePoint) => falseRejectRate <= noMatchFalseRejectRate;
  const from = measurements.flatMap(({ points }) => points.findLast(acceptable)?.distance ?? []);
  const to = measurements.flatMap(({ points }) => points.find(rejectable)?.distance ?? []);
  return {
    from: from.length > 0 ? Math.min(matchThreshold, ...from) : 0,
    to: to.length > 0 ? Math.max(matchThreshold, ...to) : 2,
  };
}

/** Says what a distance means, and when it means nothing for sure. */
export function decide(distance: number, { from, to }: UncertainBand): Decision {
  if (distance < from) return "match";
  return distance < to ? "uncertain" : "no_match";
}
