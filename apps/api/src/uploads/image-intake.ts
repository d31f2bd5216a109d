import { createHash, type Hash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { ProblemError } from "@facefleet/contracts";
import {
  isStoreOutage,
  type Logger,
  OccasionalLines,
  type OwnObjects,
  type UploadClaim,
  UploadDeletion,
  type UploadRegistry,
} from "@facefleet/platform";

/** A store that was told to keep an image and did not answer may do it yet, once it has the time. */
const storedWithinMs = 300_000;
/** A claim that is larger by less is left as it is: a form has a little besides its image. */
const muchLess = 65_536;
const queueBroke: ReadonlySet<string> = new Set(["queue_unavailable", "submission_unconfirmed"]);

export interface StoredImage {
  readonly uploadId: string;
  readonly size: number;
  /** Of its bytes, in hex. */
  readonly sha256: string;
}

/** Puts the images that callers send into the object store, and takes them back when nothing comes of them. */
export class ImageIntake {
  readonly #own: OwnObjects;
  readonly #uploads: UploadRegistry;
  readonly #lines: OccasionalLines;
  readonly #deletion: UploadDeletion;

  constructor(parts: { readonly own: OwnObjects; readonly uploads: UploadRegistry; readonly logger: Logger }) {
    this.#own = parts.own;
    this.#uploads = parts.uploads;
    this.#lines = new OccasionalLines(parts.logger);
    this.#deletion = new UploadDeletion(parts.own, parts.uploads, parts.logger);
  }

  /**
   * Streams an image into the store, as a new upload, which is announced before any byte is kept, so that even a crash
   * leaves nothing for good.
   * @throws ProblemError image_too_large, empty_image, too_much_stored, too_many_uploads, store_unavailable or
   * queue_unavailable; nothing is left then, once the store is back
   */
  async keep(bytes: Readable, claim: UploadClaim): Promise<StoredImage> {
    const uploadId = randomBytes(16).toString("hex");
    await this.#uploads.announce(uploadId, claim);
    const hash = createHash("sha256");
    try {
      const { size } = await this.#put(uploadId, hashed(bytes, hash), claim.bytes);
      if (size === 0) throw new ProblemError("empty_image", "Expected the bytes of an image but received 0 bytes");
      if (size < claim.bytes - muchLess) await this.#uploads.arrived(uploadId, size);
      return { uploadId, size, sha256: hash.digest("hex") };
    } catch (error) {
      await this.discard(uploadId, isStoreOutage(error) ? storedWithinMs : undefined);
      throw error;
    }
  }

  /**
   * Streams an image of a known size into the store, as an upload that its caller has asked for, once or again. What had
   * arrived stays until all of it is here, and when it does not come.
   * @throws ProblemError upload_url_invalid for another size, or when the upload is being deleted; image_too_large,
   * store_unavailable or queue_unavailable
   */
  async receive(uploadId: string, bytes: Readable, size: number): Promise<void> {
    if (!(await this.#uploads.announceAgain(uploadId))) {
      throw uploadUrlInvalid("the URL of an upload whose job has not ended", "one that is being deleted");
    }
    await this.#put(uploadId, exactly(bytes, size), size);
  }

  /** Whether an upload with this id has arrived. */
  async has(uploadId: string): Promise<boolean> {
    return (await this.#own.upload(uploadId).head()) !== undefined;
  }

  /** Does what uploads were kept for, and takes them back when that fails. */
  async keepFor<T>(uploadIds: readonly string[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      await Promise.all(uploadIds.map((id) => this.#takeBack(id, error)));
      throw error;
    }
  }

  /**
   * Takes an upload back after a submission that failed. When the queue broke off, the job may be in it all
   * the same, or still come, and hold the upload: if not, it waits in vain, and is swept up.
   */
  async #takeBack(uploadId: string, error: unknown): Promise<void> {
    if (error instanceof ProblemError && queueBroke.has(error.code)) return;
    await this.discard(uploadId);
  }

  /** Deletes an upload that nobody holds. Never fails: what cannot be deleted now, or comes later, is swept up. */
  async discard(uploadId: string, comesWithinMs?: number): Promise<void> {
    try {
      await this.#uploads.giveUp(uploadId, comesWithinMs);
    } catch (error) {
      this.#lines.write("warn", { err: error, uploadId }, "an upload could not be given up yet");
      return;
    }
    await this.released([uploadId]);
  }

  /** Deletes those of some uploads that nobody holds any more. Never fails, either. */
  released(uploadIds: readonly string[]): Promise<void> {
    return this.#deletion.deleteDoomed(uploadIds);
  }

  #put(uploadId: string, bytes: AsyncIterable<Buffer>, maxBytes: number): Promise<{ size: number }> {
    const body = Readable.from(bytes, { objectMode: false });
    return this.#own.upload(uploadId).put(body, { maxBytes });
  }
}

export function uploadUrlInvalid(expected: string, received: string): ProblemError {
  return new ProblemError("upload_url_invalid", `Expected ${expected} but received ${received}`);
}

async function* hashed(bytes: Readable, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Breaks off where there are too few: the store keeps what it had. */
async function* exactly(bytes: Readable, size: number): AsyncGenerator<Buffer> {
  let received = 0;
  // The request stays, to be answered.
  for await (const chunk of bytes.iterator({ destroyOnReturn: false })) {
    received += chunk.length;
    yield chunk;
  }
  if (received < size) throw uploadUrlInvalid(`the ${size} bytes that the URL is for`, `${received} bytes`);
}
