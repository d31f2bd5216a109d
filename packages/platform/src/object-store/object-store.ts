import type { Readable } from "node:stream";

/** Where one object is. */
export interface ObjectRef {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string;
}

/** A request that anyone who holds it may send, once or more, until it expires. */
export interface PresignedPut {
  readonly url: string;
  readonly method: "PUT";
  /** Must be sent exactly so: they are part of the signature. */
  readonly headers: Record<string, string>;
}

export interface ObjectHead {
  /** Bytes. */
  readonly size: number;
  readonly contentType?: string;
  readonly lastModified: Date;
}

/** Some of the objects of a bucket: those whose keys begin with a prefix. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly prefix: string;
}

export interface ObjectPage {
  readonly keys: string[];
  /** As the store writes them, those of objects whose keys cannot be told from that. */
  readonly unreadable?: readonly string[];
  /** Where the next page starts; absent on the last one. */
  readonly cursor?: string;
}

export interface ObjectPart {
  readonly bytes: Buffer;
  /** Changes whenever the object does; absent past the object's end. */
  readonly version?: string;
}

/**
 * Images, in S3 or in a folder. Whatever fails is a ProblemError: `store_unavailable` unless said
 * otherwise. A ref that no store can hold (`..` in its key, a NUL, over 1024 bytes) is `image_not_found`.
 */
export interface ObjectStore {
  readonly kind: "s3" | "folder";
  /** Whether callers can send it bytes themselves: `presignPut` gives them a request. */
  readonly presigns: boolean;
  /** The bucket of callers who have no other. */
  readonly defaultBucket: string;
  /** Where the service keeps what is its own: no reference of a caller is to lead there. */
  readonly ownPlace: ObjectPlace;
  /** Whether a caller may name the bucket. */
  allows(bucket: string): boolean;
  /** Why no object can have this key here, to follow `an object key`. */
  keyFault(key: string): string | undefined;
  /** Why nothing can be put below a prefix, to follow `an output`, as far as can be seen. Never rejects. */
  placeFault(place: ObjectPlace): Promise<string | undefined>;
  /**
   * Stores a body, replacing what was there. Readers see the old object or the new one, never a part.
   * @throws ProblemError `image_too_large` past `maxBytes`, or what the body itself throws; nothing is left behind
   */
  put(
    ref: ObjectRef,
    body: Readable | Uint8Array,
    options: { readonly contentType?: string; readonly maxBytes: number },
  ): Promise<{ size: number }>;
  /** @throws ProblemError `image_not_found`, `bucket_forbidden`, `image_too_large`; the signal's reason when aborted */
  get(ref: ObjectRef, options: { readonly maxBytes: number; readonly signal?: AbortSignal }): Promise<Buffer>;
  /**
   * Up to `length` bytes from `offset` on: fewer, or none, only at the object's end.
   * @throws ProblemError `image_not_found`, `bucket_forbidden`
   */
  getPart(ref: ObjectRef, range: { readonly offset: number; readonly length: number }): Promise<ObjectPart>;
  /**
   * Up to `limit` keys, each once, in an order that stays the same.
   * @throws ProblemError `image_not_found` for a bucket that does not exist, `bucket_forbidden`, `batch_source_invalid`
   *   when the store's own list has no end
   */
  list(place: ObjectPlace, page: { readonly cursor?: string; readonly limit: number }): Promise<ObjectPage>;
  /** @throws ProblemError `bucket_forbidden` */
  head(ref: ObjectRef): Promise<ObjectHead | undefined>;
  /** Deletes the object for good, with every version of it; it is no error when there is none. */
  delete(ref: ObjectRef): Promise<void>;
  /** A direct upload of exactly this type and size, or nothing where it does not presign. */
  presignPut(
    ref: ObjectRef,
    options: { readonly contentType: string; readonly size: number; readonly expiresInSeconds: number },
  ): Promise<PresignedPut | undefined>;
  /** Answers when the default bucket and the place of its own can be used. */
  ping(): Promise<void>;
  /** What an operator is to know of how the place of the service's own was set up, one sentence each. */
  notices(): Promise<string[]>;
  close(): Promise<void>;
}
