import type { Logger } from "../../../logging/index.js";
import type { FaceQueueJob } from "../job/job-view.js";

/** Most stages are over sooner, and each that is stored costs what a quarter of a job's whole queueing costs. */
const shownAfterMs = 500;

/** Shows callers what is being done with a job, once that takes its time. */
export class StageReport {
  #stage = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly job: FaceQueueJob,
    private readonly logger: Logger,
  ) {}

  report(stage: string): void {
    this.#stage = stage;
    this.#timer ??= setTimeout(() => void this.#store(), shownAfterMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  async #store(): Promise<void> {
    this.#timer = undefined;
    const { id } = this.job;
    const stage = this.#stage;
    try {
      await this.job.updateProgress({ stage });
    } catch (error) {
      this.logger.debug({ err: error, jobId: id, stage }, "Stage not stored");
    }
  }
}
