import { Readable } from "node:stream";
import {
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { ConfigError, type StoreSettings } from "../config/index.js";
import { BoundedBody, tooLarge } from "./bounded-body.js";
import { checkKey, keyFault } from "./object-key.js";
import type {
  ObjectHead,
  ObjectPage,
  ObjectPart,
  ObjectPlace,
  ObjectRef,
  ObjectStore,
  PresignedPut,
} from "./object-store.js";
import { lookAtBucket } from "./s3-bucket-notices.js";
import { openS3Client, openS3Presigner } from "./s3-client.js";
import { S3Deletion } from "./s3-deletion.js";
import { listPage } from "./s3-listing.js";
import { isAbsent, readProblem, unavailable } from "./s3-problem.js";

const pingTimeoutMs = 4000;
/** A put holds this many parts of 5 MiB in memory at most. */
const partsInFlight = 2;

const ownPrefix = "facefleet-own/";

/** Objects in any S3-compatible server. */
export class S3ObjectStore implements ObjectStore {
  readonly kind = "s3";
  readonly presigns: boolean;
  readonly defaultBucket: string;
  readonly ownPlace: ObjectPlace;
  readonly #allowedBuckets: ReadonlySet<string>;
  readonly #client: S3Client;
  /** Knows the store by the address that callers do; undefined where they have none. */
  readonly #presigner: S3Client | undefined;
  readonly #deletion: S3Deletion;

  constructor(bucket: string, settings: StoreSettings) {
    this.defaultBucket = bucket;
    this.#allowedBuckets = new Set([bucket, ...(settings.S3_ALLOWED_BUCKETS ?? [])]);
    this.ownPlace = ownPlaceOf(bucket, settings, this.#allowedBuckets);
    this.#client = openS3Client(settings);
    this.#presigner = openS3Presigner(settings);
    this.presigns = this.#presigner !== undefined;
    this.#deletion = new S3Deletion(this.#client);
  }

  allows(bucket: string): boolean {
    return this.#allowedBuckets.has(bucket);
  }

  keyFault(key: string): string | undefined {
    return keyFault(key);
  }

  async placeFault({ bucket }: ObjectPlace): Promise<string | undefined> {
    try {
      await this.#headBucket(bucket);
      return undefined;
    } catch (error) {
      return isAbsent(error) ? `in a bucket that exists but there is no ${bucket}` : undefined;
    }
  }

  async put(
    ref: ObjectRef,
    body: Readable | Uint8Array,
    options: { readonly contentType?: string; readonly maxBytes: number },
  ): Promise<{ size: number }> {
    const bounded = new BoundedBody(body, options.maxBytes);
    const stream = Readable.from(bounded);
    const upload = new Upload({
      client: this.#client,
      queueSize: partsInFlight,
      params: { ...address(ref), Body: stream, ContentType: options.contentType },
    });
    try {
      await upload.done();
    } catch (error) {
      stream.destroy();
      throw bounded.failure ?? unavailable(error);
    }
    return { size: bounded.size };
  }

  async get(ref: ObjectRef, options: { readonly maxBytes: number; readonly signal?: AbortSignal }): Promise<Buffer> {
    const { maxBytes, signal } = options;
    const enough = new AbortController();
    const abortSignal = signal ? AbortSignal.any([signal, enough.signal]) : enough.signal;
    try {
      const { Body, ContentLength = 0 } = await this.#client.send(new GetObjectCommand(address(ref)), { abortSignal });
      if (ContentLength > maxBytes) throw tooLarge(maxBytes, ContentLength);
      return await new BoundedBody(Body as Readable, maxBytes).bytes();
    } catch (error) {
      enough.abort();
      signal?.throwIfAborted();
      throw readProblem(error, ref);
    }
  }

  async getPart(ref: ObjectRef, { offset, length }: { offset: number; length: number }): Promise<ObjectPart> {
    try {
      // Asked first: some servers answer ranges that reach past the end with less than they announce.
      const { ContentLength: size = 0 } = await this.#client.send(new HeadObjectCommand(address(ref)));
      const last = Math.min(offset + length, size) - 1;
      if (last < offset) return { bytes: Buffer.alloc(0) };
      const command = new GetObjectCommand({ ...address(ref), Range: `bytes=${offset}-${last}` });
      const { Body, ETag: version } = await this.#client.send(command);
      const bytes = await new BoundedBody(Body as Readable, length).bytes();
      return { bytes, ...(version !== undefined && { version }) };
    } catch (error) {
      throw readProblem(error, ref);
    }
  }

  async list(place: ObjectPlace, page: Parameters<ObjectStore["list"]>[1]): Promise<ObjectPage> {
    try {
      return await listPage(this.#client, place, page);
    } catch (error) {
      throw readProblem(error, { bucket: place.bucket, key: place.prefix });
    }
  }

  async head(ref: ObjectRef): Promise<ObjectHead | undefined> {
    try {
      const { ContentLength, ContentType, LastModified } = await this.#client.send(new HeadObjectCommand(address(ref)));
      return {
        size: ContentLength ?? 0,
        ...(ContentType !== undefined && { contentType: ContentType }),
        lastModified: LastModified ?? new Date(0),
      };
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw readProblem(error, ref);
    }
  }

  async delete(ref: ObjectRef): Promise<void> {
    checkKey(ref.key);
    try {
      await this.#deletion.delete(ref);
    } catch (error) {
      if (!isAbsent(error)) throw unavailable(error);
    }
  }

  async presignPut(
    ref: ObjectRef,
    options: { readonly contentType: string; readonly size: number; readonly expiresInSeconds: number },
  ): Promise<PresignedPut | undefined> {
    if (!this.#presigner) return undefined;
    const { contentType, size, expiresInSeconds } = options;
    const command = new PutObjectCommand({ ...address(ref), ContentType: contentType, ContentLength: size });
    try {
      const url = await getSignedUrl(this.#presigner, command, {
        expiresIn: expiresInSeconds,
        // The SDK leaves the type out of the signature by itself: the uploader could send another.
        signableHeaders: new Set(["host", "content-type", "content-length"]),
      });
      return { url, method: "PUT", headers: { "content-type": contentType, "content-length": String(size) } };
    } catch (error) {
      throw unavailable(error);
    }
  }

  async ping(): Promise<void> {
    try {
      const buckets = [...new Set([this.defaultBucket, this.ownPlace.bucket])];
      await Promise.all(buckets.map((bucket) => this.#headBucket(bucket)));
    } catch (error) {
      throw unavailable(error);
    }
  }

  #headBucket(bucket: string) {
    const abortSignal = AbortSignal.timeout(pingTimeoutMs);
    return this.#client.send(new HeadBucketCommand({ Bucket: bucket }), { abortSignal });
  }

  async notices(): Promise<string[]> {
    const { bucket } = this.ownPlace;
    try {
      const { keepsVersions, notices } = await lookAtBucket(this.#client, this.ownPlace);
      if (keepsVersions) this.#deletion.knowVersioned(bucket);
      return notices.map((notice) => `The bucket ${bucket} is where uploads and results are. ${notice}`);
    } catch (error) {
      throw unavailable(error);
    }
  }

  async close(): Promise<void> {
    this.#client.destroy();
    this.#presigner?.destroy();
  }
}

/** In a bucket that callers name, only names that nobody can tell keep what is there from them. */
function ownPlaceOf(bucket: string, { S3_OWN_BUCKET }: StoreSettings, allowed: ReadonlySet<string>): ObjectPlace {
  if (S3_OWN_BUCKET === undefined) return { bucket, prefix: ownPrefix };
  if (!allowed.has(S3_OWN_BUCKET)) return { bucket: S3_OWN_BUCKET, prefix: "" };
  throw new ConfigError([
    `S3_OWN_BUCKET: Expected a bucket that is neither S3_BUCKET nor in S3_ALLOWED_BUCKETS but received ${S3_OWN_BUCKET}`,
  ]);
}

function address({ bucket, key, versionId }: ObjectRef) {
  checkKey(key);
  return { Bucket: bucket, Key: key, ...(versionId !== undefined && { VersionId: versionId }) };
}
