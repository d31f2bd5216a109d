export { type EmbeddingKind, type EmbeddingRecipe, embeddingKinds, type FaceView } from "./face-views.js";
export { type FaceBox, marginCrop } from "./margin-crop.js";
export { mirrorSquare } from "./mirror.js";
export { estimateSimilarity, inverse } from "./similarity-transform.js";
export { warpSquare } from "./warp.js";
