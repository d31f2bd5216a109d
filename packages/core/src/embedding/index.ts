export { FaceEmbedder } from "./face-embedder.js";
