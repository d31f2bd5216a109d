export { compareEmbeddings, matchThreshold } from "./compare-embeddings.js";
export { l2Normalise } from "./l2-normalise.js";
