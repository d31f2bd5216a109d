export { compareEmbeddings, expectUsable, matchThreshold } from "./compare-embeddings.js";
export { type DistanceMeasurement, decide, type UncertainBand, uncertainBand } from "./decision.js";
export { expectSameFingerprint } from "./fingerprints.js";
export { l2Normalise } from "./l2-normalise.js";
