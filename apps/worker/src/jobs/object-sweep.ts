import { type DueForDeletion, type Logger, OccasionalLines, Periodic } from "@facefleet/platform";

const everyMs = 60_000;
const sweepSize = 100;

export interface ObjectSweepOptions {
  /** What the objects are, for the log. */
  readonly what: string;
  readonly logger: Logger;
  /** Up to so many whose time is over. */
  take(limit: number): Promise<DueForDeletion>;
  /** Deletes one from the object store. */
  deleteObject(id: string): Promise<void>;
  /** Takes it off the register. */
  remove(id: string): Promise<void>;
}

/**
 * Deletes, once a minute, objects whose time is over. What stays comes again when its lease ends. Deleting goes on while
 * Redis takes no writes: the objects may be what has filled its disk.
 */
export class ObjectSweep {
  readonly #options: ObjectSweepOptions;
  readonly #lines: OccasionalLines;
  readonly #sweeps = new Periodic(everyMs, () => this.sweep());

  constructor(options: ObjectSweepOptions) {
    this.#options = options;
    this.#lines = new OccasionalLines(options.logger);
  }

  start(): void {
    this.#sweeps.start();
  }

  stop(): Promise<void> {
    return this.#sweeps.stop();
  }

  /** Never rejects. */
  async sweep(): Promise<void> {
    const { what, logger, take } = this.#options;
    try {
      let more = true;
      while (more && !this.#sweeps.isStopped) {
        const { members, isLeased } = await take(sweepSize);
        const deleted = await this.#deleteAll(members);
        // Where nothing could be deleted the store is away, and going on would only fill the log.
        more = isLeased && members.length === sweepSize && deleted > 0;
      }
    } catch (error) {
      logger.warn({ err: error }, `${what} whose time is over could not be listed; the next sweep tries again`);
    }
  }

  async #deleteAll(ids: readonly string[]): Promise<number> {
    let deleted = 0;
    for (let start = 0; start < ids.length && !this.#sweeps.isStopped; start += sweepSize) {
      const some = await Promise.all(ids.slice(start, start + sweepSize).map((id) => this.#delete(id)));
      deleted += some.filter(Boolean).length;
    }
    return deleted;
  }

  async #delete(id: string): Promise<boolean> {
    const { what, deleteObject, remove } = this.#options;
    try {
      await deleteObject(id);
      await remove(id);
      return true;
    } catch (error) {
      this.#lines.write("warn", { err: error, id }, `one of ${what} could not be deleted; a later sweep tries again`);
      return false;
    }
  }
}
