import {
  areaUnderCurve,
  bestThreshold,
  crossValidate,
  distancesByKind,
  equalErrorRate,
  type MeanWithError,
  meanWithError,
  type OperatingPoint,
  operatingPoint,
  type RocPoint,
  rocCurve,
  type ScoredPair,
  splitIntoFolds,
  thresholdAtFalseAcceptRate,
} from "@facefleet/core/evaluation";

/** The false accept rate at which LFW results state their validation rate. */
const targetFalseAcceptRate = 1e-3;

/** The service's own threshold, and the one that the reference's figures are given at. */
const fixedThresholds = [1.0, 1.08];

/** How well distances tell people apart. All rates are 0 to 1. */
export interface VerificationFigures {
  readonly pairs: { readonly same: number; readonly different: number };
  /** Each fold judged at the threshold that is best on the others. */
  readonly crossValidation: {
    /** Whether the folds are parts of the one fold that was given. */
    readonly splitFromOne: boolean;
    readonly accuracy: MeanWithError;
    readonly folds: readonly OperatingPoint[];
  };
  /** The share of same pairs accepted at a threshold chosen, on the other folds, for a false accept rate. */
  readonly validationRate: {
    readonly targetFalseAcceptRate: number;
    readonly rate: MeanWithError;
    /** On the folds that were left out. */
    readonly falseAcceptRate: number;
    /** Different pairs behind each choice of the threshold; with fewer than 1 / target it allows no false accept. */
    readonly impostorsPerChoice: number;
  };
  readonly areaUnderCurve: number;
  readonly equalErrorRate: number;
  /** The threshold that is best on the very pairs that it is measured on. */
  readonly best: OperatingPoint;
  readonly fixed: readonly OperatingPoint[];
  /** What thresholds from 0.5 to 1.5 do. */
  readonly thresholds: readonly OperatingPoint[];
  readonly roc: readonly RocPoint[];
}

/** @param given The folds as the protocol gives them; a single one is split into ten. */
export function verificationFigures(given: readonly (readonly ScoredPair[])[]): VerificationFigures {
  const all = given.flat();
  const folds = given.length > 1 ? given : splitIntoFolds(all, subFolds(all));
  const judged = crossValidate(folds, bestThreshold);
  const atTarget = crossValidate(folds, (pairs) =>
    thresholdAtFalseAcceptRate(distancesByKind(pairs), targetFalseAcceptRate),
  );
  const different = all.filter(({ same }) => !same).length;
  const roc = rocCurve(all);
  return {
    pairs: { same: all.length - different, different },
    crossValidation: {
      splitFromOne: given.length === 1,
      accuracy: meanWithError(judged.map(({ accuracy }) => accuracy)),
      folds: judged,
    },
    validationRate: {
      targetFalseAcceptRate,
      rate: meanWithError(atTarget.map(({ falseRejectRate }) => 1 - falseRejectRate)),
      falseAcceptRate: meanWithError(atTarget.map(({ falseAcceptRate }) => falseAcceptRate)).mean,
      impostorsPerChoice: Math.floor((different * (folds.length - 1)) / folds.length),
    },
    areaUnderCurve: areaUnderCurve(roc),
    equalErrorRate: equalErrorRate(roc),
    best: operatingPoint(all, bestThreshold(all)),
    fixed: fixedThresholds.map((threshold) => operatingPoint(all, threshold)),
    thresholds: Array.from({ length: 21 }, (_, i) => operatingPoint(all, (10 + i) / 20)),
    roc,
  };
}

/** Ten, or as many as there are pairs of each kind. */
function subFolds(pairs: readonly ScoredPair[]): number {
  const same = pairs.filter((pair) => pair.same).length;
  const count = Math.min(10, same, pairs.length - same);
  if (count >= 2) return count;
  throw new Error(`Expected two same and two different pairs or more but received ${same} and ${pairs.length - same}`);
}
