/* The pipeline's parts one by one, for benchmarks. Apps use the pipeline. */
export { DynamicBatcher, type StageBatcher } from "./batching/index.js";
export {
  type CandidateBox,
  imagePyramid,
  Mtcnn,
  overSmaller,
  overUnion,
  type PyramidLevel,
  regress,
  toSquare,
  Yunet,
} from "./detection/index.js";
export { openCheckedSession } from "./embedding/index.js";
export { MatrixProduct } from "./engines/onnx/matrix-product.js";
export { decodeImage, type RgbImage, SummedAreaTable, wholeImage } from "./imaging/index.js";
export { inceptionResnetV1, onet, pnet, rnet } from "./nets/index.js";
