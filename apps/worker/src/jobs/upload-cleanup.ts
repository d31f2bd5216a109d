import { type Logger, type OwnObjects, Periodic, UploadDeletion, type UploadRegistry } from "@facefleet/platform";

const sweepEveryMs = 60_000;
const sweepSize = 100;

/** Deletes images that were handed to us: when their last job has ended for good, or after an hour when none came. */
export class UploadCleanup {
  readonly #sweeps = new Periodic(sweepEveryMs, () => this.sweep());
  readonly #deletion: UploadDeletion;

  constructor(
    own: OwnObjects,
    private readonly uploads: UploadRegistry,
    private readonly logger: Logger,
  ) {
    this.#deletion = new UploadDeletion(own, uploads, logger);
  }

  /** Those of some uploads that nobody holds any more. Never rejects: what cannot be deleted now is left to the sweep. */
  released(ids: readonly string[]): Promise<void> {
    return this.#deletion.deleteDoomed(ids);
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
        const due = await this.uploads.takeDue(sweepSize);
        deleted = await Promise.all(due.map((id) => this.#deletion.delete(id)));
        // Where nothing could be deleted the store is away, and going on would only fill the log.
      } while (deleted.length === sweepSize && deleted.includes(true) && !this.#sweeps.isStopped);
    } catch (error) {
      this.logger.warn({ err: error }, "expired uploads could not be listed; the next sweep tries again");
    }
  }
}
