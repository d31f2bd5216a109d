export { createObjectStore } from "./create-object-store.js";
export { FolderObjectStore } from "./folder-object-store.js";
export type {
  ObjectHead,
  ObjectPage,
  ObjectPart,
  ObjectPlace,
  ObjectRef,
  ObjectStore,
  PresignedPut,
} from "./object-store.js";
export {
  assertReadable,
  assertWritable,
  batchCopyRef,
  batchPartRef,
  isBatchCopy,
  isReserved,
  resultRef,
  uploadNotFound,
  uploadRef,
} from "./own-objects.js";
