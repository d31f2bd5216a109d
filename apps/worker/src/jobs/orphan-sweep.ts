import {
  isStoreOutage,
  type Logger,
  type ObjectRef,
  type ObjectStore,
  OccasionalLines,
  type Orphans,
  ownNameOf,
  Periodic,
} from "@facefleet/platform";

const everyMs = 60_000;
const pageSize = 1000;
const betweenPassesMs = 24 * 3_600_000;
/** Results are kept for a week at most; the other is for the job or the batch that they, or an upload, belong to. */
const usualOldestMs = 14 * 24 * 3_600_000;

export interface OrphanSweepOptions {
  readonly store: ObjectStore;
  readonly orphans: Orphans;
  readonly logger: Logger;
  /** How old is older than anything could be, in milliseconds. */
  readonly oldestMs?: number;
}

/**
 * Deletes what was left in the place of the service's own when Redis lost what it knew: objects that are older than
 * anything could be, and that nobody knows. A page of the list a minute, by one worker at a time, once a day through all.
 */
export class OrphanSweep {
  readonly #options: OrphanSweepOptions;
  readonly #lines: OccasionalLines;
  readonly #sweeps = new Periodic(everyMs, () => this.sweep());

  constructor(options: OrphanSweepOptions) {
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
    const { orphans } = this.#options;
    try {
      const cursor = await orphans.takeTurn();
      if (cursor === undefined) return;
      const next = await this.#lookFrom(cursor).catch((error: unknown) => this.#brokenOff(error));
      await orphans.endTurn(next ?? "", next === undefined ? betweenPassesMs : 0);
    } catch (error) {
      this.#lines.write("warn", { err: error }, "objects that nobody knows could not be looked for; it is tried again");
    }
  }

  /** Returns where to look on; undefined at the end. */
  async #lookFrom(cursor: string): Promise<string | undefined> {
    const { store, orphans, logger, oldestMs = usualOldestMs } = this.#options;
    const { bucket } = store.ownPlace;
    const page = await store.list(store.ownPlace, { limit: pageSize, ...(cursor !== "" && { cursor }) });
    const named = page.keys.flatMap((key) => {
      const name = ownNameOf(store.ownPlace, key);
      return name ? [{ key, ...name }] : [];
    });
    const { orphans: found, now } = await orphans.among(named);
    let deleted = 0;
    for (const { key } of found) {
      if (this.#sweeps.isStopped) break;
      if (await this.#deleteOlder({ bucket, key }, now.getTime() - oldestMs)) deleted += 1;
    }
    if (deleted > 0) logger.info({ deleted }, "objects were deleted that nobody knew any more");
    return page.cursor;
  }

  async #deleteOlder(ref: ObjectRef, before: number): Promise<boolean> {
    const { store } = this.#options;
    const changed = (await store.head(ref))?.lastModified.getTime() ?? 0;
    // A store that does not say when is no reason to delete.
    if (changed === 0 || changed > before) return false;
    await store.delete(ref);
    return true;
  }

  /** What is not an outage would be the same in a minute, or goes wrong from there on: the next pass is another. */
  #brokenOff(error: unknown): undefined {
    if (isStoreOutage(error)) throw error;
    this.#options.logger.warn({ err: error }, "not all objects could be looked through for what nobody knows");
    return undefined;
  }
}
