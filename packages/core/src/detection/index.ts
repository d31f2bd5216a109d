export { type CandidateBox, regress, toSquare } from "./candidate-box.js";
export type { Detection } from "./detection.js";
export { imagePyramid, type PyramidLevel } from "./image-pyramid.js";
export { type ImageDetections, Mtcnn } from "./mtcnn.js";
export { overSmaller, overUnion } from "./non-maximum-suppression.js";
export { prominence } from "./prominence.js";
