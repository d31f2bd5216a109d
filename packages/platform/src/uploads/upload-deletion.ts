import { type Logger, OccasionalLines } from "../logging/index.js";
import type { OwnObjects } from "../object-store/index.js";
import type { UploadRegistry } from "../queue/index.js";

/** Deletes the bytes of uploads that are doomed. What cannot be deleted now stays doomed, and a worker's sweep tries again. */
export class UploadDeletion {
  readonly #lines: OccasionalLines;

  constructor(
    private readonly own: OwnObjects,
    private readonly uploads: UploadRegistry,
    logger: Logger,
  ) {
    this.#lines = new OccasionalLines(logger);
  }

  /** Those of some uploads that are doomed; others may be held. Never rejects. */
  async deleteDoomed(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    try {
      const doomed = await this.uploads.takeDoomed(ids);
      await Promise.all(doomed.map((id) => this.delete(id)));
    } catch (error) {
      this.#lines.write(
        "warn",
        { err: error, uploads: ids },
        "uploads could not be deleted; a later sweep tries again",
      );
    }
  }

  /** One that was taken to be deleted. Returns whether it was. Never rejects. */
  async delete(id: string): Promise<boolean> {
    try {
      await this.own.upload(id).delete();
      await this.uploads.remove(id);
      return true;
    } catch (error) {
      this.#lines.write(
        "warn",
        { err: error, upload: id },
        "an upload could not be deleted; a later sweep tries again",
      );
      return false;
    }
  }
}
