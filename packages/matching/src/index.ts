export { compareEmbeddings, expectUsable, matchThreshold } from "./compare-embeddings.js";
export { type DistanceMeasurement, decide, type UncertainBand, uncertainBand } from "./decision.js";
export { embeddingFromBase64, embeddingToBase64 } from "./embedding-base64.js";
export { expectSameFingerprint } from "./fingerprints.js";
export { l2Normalise } from "./l2-normalise.js";
