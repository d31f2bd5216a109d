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
export { assertReadable, batchPartRef, isReserved, partName, uploadRef } from "./own-objects.js";
