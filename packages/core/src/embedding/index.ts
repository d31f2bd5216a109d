export { openCheckedSession } from "./checked-session.js";
export { writeCrop } from "./face-crop.js";
export { FaceEmbedder } from "./face-embedder.js";
