export { createObjectStore } from "./create-object-store.js";
export type { ObjectHead, ObjectRef, ObjectStore, PresignedPut } from "./object-store.js";
export { assertReadable, uploadRef } from "./upload-ref.js";
