import type { ResultStore } from "../../results/result-store.js";
import { erased, type Outcomes } from "../ends/outcomes.js";
import type { FaceQueue } from "../job/face-queue.js";
import { originOf } from "../job/job-trace.js";
import { endedJob, type FaceQueueJob, hasEnded, uploadsOf } from "../job/job-view.js";
import type { JobSightings, Sighting } from "./job-sightings.js";

export interface CancelOutcome {
  /** `canceled`: it had not ended; `erased`: it had, and its result is gone now. */
  readonly outcome: "canceled" | "erased";
  /** The uploads of a job that no worker will clean up after. Others may hold them, and they may be deleted already. */
  readonly uploads: string[];
}

/** Cancels jobs that have not ended and erases those that have. */
export class JobRemoval {
  constructor(
    private readonly queue: FaceQueue,
    private readonly outcomes: Outcomes,
    private readonly sightings: JobSightings,
    private readonly results: ResultStore,
  ) {}

  async remove(tenant: string, id: string): Promise<CancelOutcome | undefined> {
    const sighting = await this.sightings.of(tenant, id);
    if (!sighting) return undefined;
    const { view, queued } = sighting;
    if (view === erased) return { outcome: "erased", uploads: [] };
    if (view.state === "canceled") return { outcome: "canceled", uploads: [] };
    if (queued && !hasEnded(view)) return this.#cancel(tenant, queued);
    return this.#erase(tenant, id, sighting);
  }

  /** Erases what is left of a job that has ended, also of one that was canceled. Idempotent. */
  async forget(tenant: string, id: string): Promise<void> {
    await this.outcomes.erase(tenant, id);
  }

  /** The outcome goes first: a crash before the removal leaves a job that the next worker drops. */
  async #cancel(tenant: string, queued: FaceQueueJob): Promise<CancelOutcome | undefined> {
    const id = queued.id!;
    const canceled = endedJob(queued, { state: "canceled" });
    const isWritten = await this.outcomes.write(canceled, queued.data, originOf(queued));
    // It ended meanwhile.
    if (!isWritten) return this.remove(tenant, id);
    // A job that a worker holds stays: the worker finds the outcome and lets go.
    await this.queue.remove(id);
    return { outcome: "canceled", uploads: uploadsOf(queued.data) };
  }

  async #erase(tenant: string, id: string, { view, queued, result }: Sighting): Promise<CancelOutcome> {
    const ifIn = this.queue.toKey("failed");
    if (queued && view !== erased) await this.outcomes.write(view, queued.data, originOf(queued), { ifIn });
    const kept = await this.outcomes.erase(tenant, id);
    await this.results.discard(result);
    await this.queue.remove(id);
    return { outcome: "erased", uploads: queued ? uploadsOf(queued.data) : kept };
  }
}
