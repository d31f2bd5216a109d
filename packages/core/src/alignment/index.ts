export { type FaceBox, marginCrop } from "./margin-crop.js";
