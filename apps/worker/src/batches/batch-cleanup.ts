import { type BatchSteps, type Logger, type OwnObjects, Periodic, type StoredBatch } from "@facefleet/platform";

const sweepEveryMs = 60_000;
const sweepSize = 10;

/** Deletes the results of batches from the object store once they have expired or were erased. */
export class BatchCleanup {
  readonly #sweeps = new Periodic(sweepEveryMs, () => this.sweep());

  constructor(
    private readonly steps: BatchSteps,
    private readonly own: OwnObjects,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.#sweeps.start();
  }

  stop(): Promise<void> {
    return this.#sweeps.stop();
  }

  /** What cannot be deleted comes again when its lease ends. Never rejects. */
  async sweep(): Promise<void> {
    try {
      let expired: StoredBatch[];
      do {
        expired = await this.steps.takeExpired(sweepSize);
        for (const batch of expired) await this.#delete(batch);
      } while (expired.length === sweepSize && !this.#sweeps.isStopped);
    } catch (error) {
      this.logger.warn({ err: error }, "expired results of batches could not be deleted; the next sweep tries again");
    }
  }

  async #delete(batch: StoredBatch): Promise<void> {
    for (let part = 0; part < batch.parts; part += 1) {
      await this.own.batchPart(batch.id, part).delete();
    }
    await this.steps.forget(batch);
  }
}
