import { createHash, type Hash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { type ImageRef, ProblemError } from "@facefleet/contracts";
import { type Logger, type ObjectStore, type UploadRegistry, uploadRef } from "@facefleet/platform";

/** Uploads that no job was submitted with are deleted after this time. */
const uploadLifetimeMs = 3_600_000;

export interface StoredImage {
  readonly uploadId: string;
  readonly size: number;
  /** Of its bytes, in hex. */
  readonly sha256: string;
}

/** Puts the images that callers send into the object store, and takes them back when nothing comes of them. */
export class ImageIntake {
  readonly #store: ObjectStore;
  readonly #uploads: UploadRegistry;
  readonly #logger: Logger;

  constructor(parts: { readonly store: ObjectStore; readonly uploads: UploadRegistry; readonly logger: Logger }) {
    this.#store = parts.store;
    this.#uploads = parts.uploads;
    this.#logger = parts.logger;
  }

  /** An id for a new upload, entered before any byte is kept, so that even a crash leaves nothing for good. */
  async announce(uploadId = randomBytes(16).toString("hex")): Promise<string> {
    await this.#uploads.add(uploadId, new Date(Date.now() + uploadLifetimeMs));
    return uploadId;
  }

  /**
   * Streams an image into the store.
   * @throws ProblemError image_too_large, empty_image, store_unavailable or queue_unavailable; nothing is left then
   */
  async keep(
    bytes: Readable,
    options: { readonly maxBytes: number; readonly uploadId?: string },
  ): Promise<StoredImage> {
    const uploadId = await this.announce(options.uploadId);
    const hash = createHash("sha256");
    try {
      const body = Readable.from(hashed(bytes, hash), { objectMode: false });
      const { size } = await this.#store.put(uploadRef(this.#store, uploadId), body, { maxBytes: options.maxBytes });
      if (size === 0) throw new ProblemError("empty_image", "Expected the bytes of an image but received 0 bytes");
      return { uploadId, size, sha256: hash.digest("hex") };
    } catch (error) {
      await this.discard(uploadId);
      throw error;
    }
  }

  /** Whether an upload with this id has arrived. */
  async has(uploadId: string): Promise<boolean> {
    return (await this.#store.head(uploadRef(this.#store, uploadId))) !== undefined;
  }

  /**
   * Takes an upload back after a submission that failed. When the queue broke off, the job may be in it all
   * the same, and the upload be the job's: if not, it is still on the register, for the sweep.
   */
  async takeBack(uploadId: string, error: unknown): Promise<void> {
    if (error instanceof ProblemError && error.code === "queue_unavailable") return;
    await this.discard(uploadId);
  }

  /** Deletes an upload. Never fails: what cannot be deleted now stays registered and is swept up later. */
  async discard(uploadId: string): Promise<void> {
    try {
      await this.#store.delete(uploadRef(this.#store, uploadId));
      await this.#uploads.remove(uploadId);
    } catch (error) {
      this.#logger.warn({ err: error, uploadId }, "an upload could not be deleted yet");
    }
  }
}

/** The ids of the uploads among a job's images. */
export function uploadsOf(images: readonly ImageRef[]): string[] {
  return images.flatMap((image) => ("upload" in image ? [image.upload] : []));
}

async function* hashed(bytes: Readable, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
}
