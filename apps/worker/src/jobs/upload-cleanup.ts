import type { FaceJobPayload } from "@facefleet/contracts";
import { type Logger, type ObjectStore, type UploadRegistry, uploadRef } from "@facefleet/platform";

const sweepEveryMs = 60_000;
const sweepSize = 100;

/** Deletes images that were handed to us: when their job ends, or after an hour when no job came for them. */
export class UploadCleanup {
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: ObjectStore,
    private readonly uploads: UploadRegistry,
    private readonly logger: Logger,
  ) {}

  /** Never rejects: what cannot be deleted now is left to the sweep. */
  async jobEnded({ images }: FaceJobPayload): Promise<void> {
    await this.#deleteAll(images.flatMap((image) => ("upload" in image ? [image.upload] : [])));
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#sweeping = this.#sweeping.then(() => this.sweep());
    }, sweepEveryMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  /** Deletes the uploads whose time is over. Never rejects. */
  async sweep(): Promise<void> {
    try {
      let expired: string[];
      do {
        expired = await this.uploads.takeExpired(sweepSize);
        await this.#deleteAll(expired);
      } while (expired.length === sweepSize);
    } catch (error) {
      this.logger.warn({ err: error }, "expired uploads could not be listed; the next sweep tries again");
    }
  }

  async #deleteAll(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#delete(id)));
  }

  async #delete(id: string): Promise<void> {
    try {
      await this.store.delete(uploadRef(this.store, id));
      await this.uploads.remove(id);
    } catch (error) {
      this.logger.warn({ err: error, upload: id }, "an upload could not be deleted; a later sweep tries again");
      await this.#retryLater(id);
    }
  }

  /** A job's upload is no longer on the register: it comes back as expired. */
  async #retryLater(id: string): Promise<void> {
    try {
      await this.uploads.add(id, new Date());
    } catch (error) {
      this.logger.error({ err: error, upload: id }, "an upload that could not be deleted could not be registered");
    }
  }
}
