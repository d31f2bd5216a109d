import { createHmac } from "node:crypto";
import type { Readable } from "node:stream";
import { ProblemError } from "@facefleet/contracts";
import { partName } from "./batch-copies.js";
import type { ObjectPlace, ObjectRef, ObjectStore } from "./object-store.js";

const uploadFolder = "uploads";
const batchFolder = "batches";
const resultFolder = "results";
const pieceBytes = 1_048_576;
/** In the default bucket, where callers' objects are as well, until there was a place of their own. */
export const formerFolders = [uploadFolder, batchFolder];

/**
 * The service's own objects: what callers handed over, and the results of batches. They are where no reference of a
 * caller leads, and each has a name that only the service can tell from its id.
 */
export class OwnObjects {
  readonly #store: ObjectStore;
  readonly #secret: () => Promise<string>;

  /** @param secret common to all processes, and for good */
  constructor(store: ObjectStore, secret: () => Promise<string>) {
    this.#store = store;
    this.#secret = secret;
  }

  /** The bytes of an upload. */
  upload(id: string): OwnObject {
    return this.#object(uploadFolder, id, "");
  }

  /** A part of a batch's results. */
  batchPart(batchId: string, part: number): OwnObject {
    return this.#object(batchFolder, batchId, `/${partName(part)}`);
  }

  /** What a batch's manifest holds, where it came packed. */
  batchManifest(batchId: string): OwnObject {
    return this.#object(batchFolder, batchId, "/manifest.ndjson");
  }

  #object(folder: string, id: string, rest: string): OwnObject {
    const { bucket, prefix } = this.#store.ownPlace;
    const ref = async () => ({ bucket, key: `${prefix}${folder}/${id}-${tagOf(id, await this.#secret())}${rest}` });
    return new OwnObject(this.#store, ref, { bucket: this.#store.defaultBucket, key: `${folder}/${id}${rest}` });
  }
}

/** Where a result is that is too large for Redis, or a line of a batch's results that is. Nobody can tell its id. */
export function resultRef({ ownPlace }: ObjectStore, id: string): ObjectRef {
  return { bucket: ownPlace.bucket, key: `${ownPlace.prefix}${resultFolder}/${id}` };
}

/** What an object of the service's own is, or is part of. */
export interface OwnName {
  readonly kind: "upload" | "batch" | "result";
  readonly id: string;
}

const ownNames = [
  { kind: "upload", pattern: new RegExp(`^${uploadFolder}/([0-9a-f]{32})-[0-9a-f]{32}$`) },
  { kind: "batch", pattern: new RegExp(`^${batchFolder}/(b[0-9a-f]{32})-[0-9a-f]{32}/[^/]+$`) },
  { kind: "result", pattern: new RegExp(`^${resultFolder}/([0-9a-f]{32})$`) },
] as const;

/** What a key in the place of the service's own names; undefined for what the service has not put there. */
export function ownNameOf({ prefix }: ObjectPlace, key: string): OwnName | undefined {
  if (!key.startsWith(prefix)) return undefined;
  for (const { kind, pattern } of ownNames) {
    const id = pattern.exec(key.slice(prefix.length))?.[1];
    if (id !== undefined) return { kind, id };
  }
  return undefined;
}

/** One of them. */
export class OwnObject {
  constructor(
    private readonly store: ObjectStore,
    /** Where it is. */
    readonly ref: () => Promise<ObjectRef>,
    /** Where older versions have put it: read while it is there, and deleted, but not written. */
    private readonly former: ObjectRef,
  ) {}

  async put(body: Readable | Uint8Array, options: Parameters<ObjectStore["put"]>[2]): Promise<{ size: number }> {
    return this.store.put(await this.ref(), body, options);
  }

  get(options: Parameters<ObjectStore["get"]>[1]): Promise<Buffer> {
    return this.#found((ref) => this.store.get(ref, options));
  }

  getPart(range: Parameters<ObjectStore["getPart"]>[1]): ReturnType<ObjectStore["getPart"]> {
    return this.#found((ref) => this.store.getPart(ref, range));
  }

  /** All of it, piece by piece. */
  async *pieces(): AsyncGenerator<Buffer, void> {
    for (let offset = 0; ; offset += pieceBytes) {
      const { bytes } = await this.getPart({ offset, length: pieceBytes });
      if (bytes.length > 0) yield bytes;
      if (bytes.length < pieceBytes) return;
    }
  }

  async head(): ReturnType<ObjectStore["head"]> {
    return (await this.store.head(await this.ref())) ?? (await this.#formerHead());
  }

  async delete(): Promise<void> {
    await this.store.delete(await this.ref());
    if (await this.#formerHead()) await this.store.delete(this.former);
  }

  async presignPut(options: Parameters<ObjectStore["presignPut"]>[1]): ReturnType<ObjectStore["presignPut"]> {
    return this.store.presignPut(await this.ref(), options);
  }

  /** Where the service may only read what callers name, nothing of its own was ever put. */
  async #formerHead(): ReturnType<ObjectStore["head"]> {
    try {
      return await this.store.head(this.former);
    } catch (error) {
      if (isNothing(error)) return undefined;
      throw error;
    }
  }

  async #found<T>(read: (ref: ObjectRef) => Promise<T>): Promise<T> {
    try {
      return await read(await this.ref());
    } catch (error) {
      if (!isNothing(error)) throw error;
      return await read(this.former).catch((later: unknown) => {
        throw isNothing(later) ? error : later;
      });
    }
  }
}

/** S3 says also of what is not there that it may not be read, to whoever may not list. */
function isNothing(error: unknown): boolean {
  return error instanceof ProblemError && ["image_not_found", "bucket_forbidden"].includes(error.code);
}

function tagOf(id: string, secret: string): string {
  return createHmac("sha256", secret).update(`object\n${id}`).digest("hex").slice(0, 32);
}
