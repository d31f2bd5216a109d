export { type CandidateBox, regress, toSquare } from "./candidate-box.js";
export type { Detection } from "./detection.js";
export type { DetectionInput, Detector, ImageDetections } from "./detector.js";
export { detectors } from "./detectors.js";
export { imagePyramid, type PyramidLevel } from "./image-pyramid.js";
export { Mtcnn } from "./mtcnn.js";
export { overSmaller, overUnion } from "./non-maximum-suppression.js";
export { prominence } from "./prominence.js";
export { Yunet } from "./yunet.js";
