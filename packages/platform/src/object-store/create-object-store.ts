import type { StoreSettings } from "../config/index.js";
import { CountedObjectStore, type StoreListener } from "./counted-object-store.js";
import { FolderObjectStore } from "./folder-object-store.js";
import type { ObjectStore } from "./object-store.js";
import { S3ObjectStore } from "./s3-object-store.js";

/**
 * The store that the settings name: S3 with `S3_BUCKET`, the folder `STORE_DIR` without. Connects to nothing yet.
 */
export function createObjectStore(settings: StoreSettings, listener: StoreListener = {}): ObjectStore {
  return new CountedObjectStore(openStore(settings), listener);
}

function openStore(settings: StoreSettings): ObjectStore {
  return settings.S3_BUCKET === undefined
    ? new FolderObjectStore(settings.STORE_DIR)
    : new S3ObjectStore(settings.S3_BUCKET, settings);
}
