import { type BatchSteps, batchPartRef, type Logger, type ObjectStore, type StoredBatch } from "@facefleet/platform";

const sweepEveryMs = 60_000;
const sweepSize = 10;

/** Deletes the results of batches from the object store once they have expired or were erased. */
export class BatchCleanup {
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(
    private readonly steps: BatchSteps,
    private readonly store: ObjectStore,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#sweeping = this.#sweeping.then(() => this.sweep());
    }, sweepEveryMs);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  /** What cannot be deleted comes again when its lease ends. Never rejects. */
  async sweep(): Promise<void> {
    try {
      let expired: StoredBatch[];
      do {
        expired = await this.steps.takeExpired(sweepSize);
        for (const batch of expired) await this.#delete(batch);
      } while (expired.length === sweepSize && !this.#stopped);
    } catch (error) {
      this.logger.warn({ err: error }, "expired results of batches could not be deleted; the next sweep tries again");
    }
  }

  async #delete(batch: StoredBatch): Promise<void> {
    for (let part = 0; part < batch.parts; part += 1) {
      await this.store.delete(batchPartRef(this.store, batch.id, part));
    }
    await this.steps.forget(batch);
  }
}
