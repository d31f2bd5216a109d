export { createObjectStore } from "./create-object-store.js";
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
  uploadNotFound,
  uploadRef,
} from "./own-objects.js";
