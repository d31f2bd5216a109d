export type { Detection } from "./detection.js";
export { Mtcnn } from "./mtcnn.js";
