export {
  averagePrecision,
  type DetectedImage,
  type PrecisionRecall,
  precisionRecallCurve,
} from "./average-precision.js";
export { bestThreshold, thresholdAtFalseAcceptRate } from "./choose-threshold.js";
export { crossValidate, type MeanWithError, meanWithError } from "./cross-validation.js";
export { atFalseAcceptRate, countEveryPair, everyPair, type PersonPicture } from "./every-pair.js";
export { compareFaces, type FaceAgreement, type FaceDifference, type SeenFace } from "./face-agreement.js";
export { splitIntoFolds } from "./folds.js";
export { matchBoxes } from "./match-boxes.js";
export { areaUnderCurve, equalErrorRate, type RocPoint, rocCurve } from "./roc-curve.js";
export {
  distancesByKind,
  type OperatingPoint,
  operatingPoint,
  operatingPointOf,
  type PairDistances,
  type ScoredPair,
} from "./scored-pair.js";
