import type { Readable } from "node:stream";
import { asProblemError } from "@facefleet/contracts";
import type { ObjectPlace, ObjectRef, ObjectStore } from "./object-store.js";

export const storeOperations = ["put", "get", "getPart", "list", "head", "delete", "presignPut", "ping"] as const;
export type StoreOperation = (typeof storeOperations)[number];

/** Told how operations go. */
export interface StoreListener {
  /** The store could not do it. */
  failed?(operation: StoreOperation): void;
  /** It did it, or said that the object is not there or may not be read. */
  answered?(operation: StoreOperation): void;
}

/** Tells of each operation how it went. */
export class CountedObjectStore implements ObjectStore {
  readonly kind;
  readonly presigns;
  readonly defaultBucket;
  readonly ownPlace;
  readonly #store: ObjectStore;
  readonly #listener: StoreListener;

  constructor(store: ObjectStore, listener: StoreListener) {
    this.kind = store.kind;
    this.presigns = store.presigns;
    this.defaultBucket = store.defaultBucket;
    this.ownPlace = store.ownPlace;
    this.#store = store;
    this.#listener = listener;
  }

  allows(bucket: string): boolean {
    return this.#store.allows(bucket);
  }

  keyFault(key: string): string | undefined {
    return this.#store.keyFault(key);
  }

  placeFault(place: ObjectPlace): Promise<string | undefined> {
    return this.#store.placeFault(place);
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

  notices() {
    return this.#store.notices();
  }

  close() {
    return this.#store.close();
  }

  async #counted<T>(operation: StoreOperation, work: Promise<T>): Promise<T> {
    try {
      const done = await work;
      this.#listener.answered?.(operation);
      return done;
    } catch (error) {
      const { code } = asProblemError(error);
      if (code === "store_unavailable") this.#listener.failed?.(operation);
      else if (code !== "internal_error") this.#listener.answered?.(operation);
      throw error;
    }
  }
}
