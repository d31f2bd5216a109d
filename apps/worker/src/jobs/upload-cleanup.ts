import type { FaceJobPayload } from "@facefleet/contracts";
import { type Logger, type ObjectStore, Periodic, type UploadRegistry, uploadRef } from "@facefleet/platform";

const sweepEveryMs = 60_000;
const sweepSize = 100;

/** Deletes images that were handed to us: when their job ends, or after an hour when no job came for them. */
export class UploadCleanup {
  readonly #sweeps = new Periodic(sweepEveryMs, () => this.sweep());

  constructor(
    private readonly store: ObjectStore,
    private readonly uploads: UploadRegistry,
    private readonly logger: Logger,
  ) {}

  /** Never rejects: what cannot be deleted now is left to the sweep. */
  async jobEnded({ images }: FaceJobPayload): Promise<void> {
    await this.deleteAll(images.flatMap((image) => ("upload" in image ? [image.upload] : [])));
  }

  /** Never rejects, either. */
  async deleteAll(ids: readonly string[]): Promise<void> {
    await Promise.all(ids.map(async (id) => (await this.#delete(id)) || this.#leaveToSweep(id)));
  }

  start(): void {
    this.#sweeps.start();
  }

  stop(): Promise<void> {
    return this.#sweeps.stop();
  }

  /** Deletes the uploads whose time is over. What stays comes again when its lease ends. Never rejects. */
  async sweep(): Promise<void> {
    try {
      let deleted: boolean[];
      do {
        const expired = await this.uploads.takeExpired(sweepSize);
        deleted = await Promise.all(expired.map((id) => this.#delete(id)));
        // Where nothing could be deleted the store is away, and going on would only fill the log.
      } while (deleted.length === sweepSize && deleted.includes(true) && !this.#sweeps.isStopped);
    } catch (error) {
      this.logger.warn({ err: error }, "expired uploads could not be listed; the next sweep tries again");
    }
  }

  async #delete(id: string): Promise<boolean> {
    try {
      await this.store.delete(uploadRef(this.store, id));
      await this.uploads.remove(id);
      return true;
    } catch (error) {
      this.logger.warn({ err: error, upload: id }, "an upload could not be deleted; a later sweep tries again");
      return false;
    }
  }

  /** A job's upload is no longer on the register: it comes back as expired. */
  async #leaveToSweep(id: string): Promise<void> {
    try {
      await this.uploads.add(id, new Date());
    } catch (error) {
      this.logger.error({ err: error, upload: id }, "an upload that could not be deleted could not be registered");
    }
  }
}
