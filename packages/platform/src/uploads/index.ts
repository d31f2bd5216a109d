export { UploadDeletion } from "./upload-deletion.js";
