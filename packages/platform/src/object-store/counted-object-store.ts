import type { Readable } from "node:stream";
import { asProblemError } from "@facefleet/contracts";
import type { ObjectPlace, ObjectRef, ObjectStore } from "./object-store.js";

export const storeOperations = ["put", "get", "getPart", "list", "head", "delete", "presignPut", "ping"] as const;
export type StoreOperation = (typeof storeOperations)[number];

/** Tells of each operation that the store could not do. An object that is not there, or may not be read, is no such. */
export class CountedObjectStore implements ObjectStore {
  readonly kind;
  readonly defaultBucket;
  readonly ownPlace;
  readonly #store: ObjectStore;
  readonly #onError: (operation: StoreOperation) => void;

  constructor(store: ObjectStore, onError: (operation: StoreOperation) => void) {
    this.kind = store.kind;
    this.defaultBucket = store.defaultBucket;
    this.ownPlace = store.ownPlace;
    this.#store = store;
    this.#onError = onError;
  }

  allows(bucket: string): boolean {
    return this.#store.allows(bucket);
  }

  keyFault(key: string): string | undefined {
    return this.#store.keyFault(key);
  }

  put(ref: ObjectRef, body: Readable | Uint8Array, options: Parameters<ObjectStore["put"]>[2]) {
    return this.#counted("put", this.#store.put(ref, body, options));
  }

  get(ref: ObjectRef, options: Parameters<ObjectStore["get"]>[1]) {
    return this.#counted("get", this.#store.get(ref, options));
  }

  getPart(ref: ObjectRef, range: Parameters<ObjectStore["getPart"]>[1]) {
    return this.#counted("getPart", this.#store.getPart(ref, range));
  }

  list(place: ObjectPlace, page: Parameters<ObjectStore["list"]>[1]) {
    return this.#counted("list", this.#store.list(place, page));
  }

  head(ref: ObjectRef) {
    return this.#counted("head", this.#store.head(ref));
  }

  delete(ref: ObjectRef) {
    return this.#counted("delete", this.#store.delete(ref));
  }

  presignPut(ref: ObjectRef, options: Parameters<ObjectStore["presignPut"]>[1]) {
    return this.#counted("presignPut", this.#store.presignPut(ref, options));
  }

  ping() {
    return this.#counted("ping", this.#store.ping());
  }

  close() {
    return this.#store.close();
  }

  async #counted<T>(operation: StoreOperation, work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (asProblemError(error).code === "store_unavailable") this.#onError(operation);
      throw error;
    }
  }
}
