import { randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { access, constants, rm, stat } from "node:fs/promises";
import path from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { ProblemError } from "@facefleet/contracts";
import { BoundedBody } from "./bounded-body.js";
import {
  fileInTheWay,
  makeFolder,
  moveInto,
  readFile,
  readFilePart,
  removeEmptyFolders,
  removeLeftovers,
} from "./folder-files.js";
import { listFolder } from "./folder-listing.js";
import { checkKey, keyFault } from "./object-key.js";
import type { ObjectHead, ObjectPage, ObjectPart, ObjectPlace, ObjectRef, ObjectStore } from "./object-store.js";

const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** Beside the buckets; no bucket's name starts with a dot. */
const incompleteFolder = ".incomplete";
const ownFolder = ".own";
const maxSegmentBytes = 255;
/** What the file system answers when a path leads to no file. */
const absentCodes = new Set(["ENOENT", "ENOTDIR", "EISDIR", "ENAMETOOLONG"]);

/**
 * Objects as files: `<directory>/<bucket>/<key>`, readable by the service's own user only. Has no
 * versions and no content types, and cannot hold both `a` and `a/b`.
 */
export class FolderObjectStore implements ObjectStore {
  readonly kind = "folder";
  readonly presigns = false;
  readonly defaultBucket = "local";
  readonly ownPlace = { bucket: ownFolder, prefix: "" };
  readonly #directory: string;
  readonly #incomplete: string;
  #prepared: Promise<void> | undefined;

  constructor(directory: string) {
    this.#directory = path.resolve(directory);
    this.#incomplete = path.join(this.#directory, incompleteFolder);
  }

  allows(bucket: string): boolean {
    return bucketName.test(bucket);
  }

  keyFault(key: string): string | undefined {
    const fault = keyFault(key);
    if (fault) return fault;
    const segments = key.split("/");
    if (segments.includes("")) return "without empty segments";
    const tooLong = segments.some((segment) => Buffer.byteLength(segment) > maxSegmentBytes);
    return tooLong ? `of segments of at most ${maxSegmentBytes} bytes` : undefined;
  }

  /** A file can have nothing below it. */
  async placeFault({ bucket, prefix }: ObjectPlace): Promise<string | undefined> {
    const key = await fileInTheWay(path.join(this.#directory, bucket), prefix);
    return key && `below no object but ${bucket}/${key} is one`;
  }

  async put(ref: ObjectRef, body: Readable | Uint8Array, options: { readonly maxBytes: number }) {
    const target = this.#pathOf(ref);
    const partial = path.join(this.#incomplete, randomUUID());
    const bounded = new BoundedBody(body, options.maxBytes);
    try {
      await this.#prepare();
      await pipeline(bounded, createWriteStream(partial, { flags: "wx", mode: 0o600 }));
      await moveInto(target, partial);
    } catch (error) {
      this.#prepared = undefined;
      await rm(partial, { force: true }).catch(() => {}); // What stays is cleared later, as a leftover.
      throw bounded.failure ?? unavailable(error);
    }
    return { size: bounded.size };
  }

  async get(ref: ObjectRef, options: { readonly maxBytes: number; readonly signal?: AbortSignal }): Promise<Buffer> {
    const { maxBytes, signal } = options;
    signal?.throwIfAborted();
    const target = this.#pathOf(ref);
    try {
      return await readFile(target, maxBytes, signal);
    } catch (error) {
      signal?.throwIfAborted();
      throw isAbsent(error) ? notFound(ref, error) : unavailable(error);
    }
  }

  async getPart(ref: ObjectRef, { offset, length }: { offset: number; length: number }): Promise<ObjectPart> {
    const target = this.#pathOf(ref);
    try {
      return await readFilePart(target, offset, length);
    } catch (error) {
      throw isAbsent(error) ? notFound(ref, error) : unavailable(error);
    }
  }

  async list(
    { bucket, prefix }: ObjectPlace,
    { cursor = "", limit }: { readonly cursor?: string; readonly limit: number },
  ): Promise<ObjectPage> {
    const nowhere = { bucket, key: prefix };
    if (!isBucket(bucket)) throw notFound(nowhere);
    try {
      const query = { prefix, startAfter: cursor, limit };
      const keys = await listFolder(path.join(this.#directory, bucket), query);
      return { keys, ...(keys.length === limit && { cursor: keys.at(-1)! }) };
    } catch (error) {
      throw isAbsent(error) ? notFound(nowhere, error) : unavailable(error);
    }
  }

  async head(ref: ObjectRef): Promise<ObjectHead | undefined> {
    const target = this.#pathOf(ref);
    try {
      const found = await stat(target);
      return found.isFile() ? { size: found.size, lastModified: found.mtime } : undefined;
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw unavailable(error);
    }
  }

  async delete(ref: ObjectRef): Promise<void> {
    const target = this.#pathOf(ref);
    try {
      await rm(target);
      if (ref.bucket === ownFolder) await removeEmptyFolders(path.join(this.#directory, ownFolder), ref.key);
    } catch (error) {
      if (!isAbsent(error)) throw unavailable(error);
    }
  }

  async presignPut(): Promise<undefined> {}

  async ping(): Promise<void> {
    try {
      await this.#prepare();
      await access(this.#incomplete, constants.W_OK);
    } catch (error) {
      this.#prepared = undefined;
      throw unavailable(error);
    }
  }

  async notices(): Promise<string[]> {
    return [];
  }

  async close(): Promise<void> {}

  #pathOf(ref: ObjectRef): string {
    checkKey(ref.key);
    if (!isBucket(ref.bucket) || this.keyFault(ref.key) !== undefined || ref.versionId !== undefined)
      throw notFound(ref);
    return path.join(this.#directory, ref.bucket, ...ref.key.split("/"));
  }

  /** Makes the folders, and clears what a process left there when it died in the middle of a put. */
  #prepare(): Promise<void> {
    this.#prepared ??= this.#makeFolders();
    return this.#prepared;
  }

  async #makeFolders(): Promise<void> {
    for (const folder of [this.defaultBucket, ownFolder]) await makeFolder(path.join(this.#directory, folder));
    await makeFolder(this.#incomplete);
    await removeLeftovers(this.#incomplete);
  }
}

function isBucket(name: string): boolean {
  return bucketName.test(name) || name === ownFolder;
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && "code" in error && absentCodes.has(String(error.code));
}

function notFound({ bucket, key }: ObjectRef, cause?: unknown): ProblemError {
  return new ProblemError("image_not_found", `Expected an object at ${bucket}/${key} but there is none.`, { cause });
}

function unavailable(error: unknown): ProblemError {
  if (error instanceof ProblemError) return error;
  return new ProblemError("store_unavailable", "The image folder cannot be used.", { cause: error });
}
