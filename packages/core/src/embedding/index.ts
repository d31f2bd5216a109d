export { type FaceCrop, FaceEmbedder } from "./face-embedder.js";
