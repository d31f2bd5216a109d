export { batchCopyRef, isBatchCopy } from "./batch-copies.js";
export {
  assertHoldable,
  assertListable,
  assertReadable,
  assertWritable,
  isReserved,
  uploadNotFound,
} from "./callers-refs.js";
export type { StoreListener } from "./counted-object-store.js";
export { createObjectStore } from "./create-object-store.js";
export { FolderObjectStore } from "./folder-object-store.js";
export { logNotices } from "./log-notices.js";
export type {
  ObjectHead,
  ObjectPage,
  ObjectPart,
  ObjectPlace,
  ObjectRef,
  ObjectStore,
  PresignedPut,
} from "./object-store.js";
export { type OwnName, type OwnObject, OwnObjects, ownNameOf, resultRef } from "./own-objects.js";
export { isStoreOutage } from "./store-outage.js";
