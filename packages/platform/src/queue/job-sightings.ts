import type { FaceQueue } from "./face-queue.js";
import { type FaceQueueJob, liveJob, liveState, tenantOf, unrecordedFailure } from "./job-view.js";
import type { Outcome, Outcomes } from "./outcomes.js";

/** What is known of a job: how it ended, or where it is. */
export interface Sighting {
  readonly view: Outcome;
  /** BullMQ's own record, where it was needed to know. */
  readonly queued?: FaceQueueJob;
}

/** Puts together what BullMQ and the outcomes know. */
export class JobSightings {
  constructor(
    private readonly queue: FaceQueue,
    private readonly outcomes: Outcomes,
  ) {}

  /** Another tenant's job is no job. */
  async of(tenant: string, id: string): Promise<Sighting | undefined> {
    const record = await this.outcomes.read(id);
    if (record) return record.tenant === tenant ? { view: record.outcome } : undefined;
    const queued = await this.queue.getJob(id);
    if (!queued) return this.#ended(tenant, id);
    if (tenantOf(queued.data) !== tenant) return undefined;
    const state = liveState(await queued.getState());
    if (state) return { view: liveJob(queued, state), queued };
    const ended = await this.#ended(tenant, id);
    const view = ended?.view ?? unrecordedFailure(queued);
    return view && { view, queued };
  }

  /** A job may end between the two looks. */
  async #ended(tenant: string, id: string): Promise<Sighting | undefined> {
    const record = await this.outcomes.read(id);
    return record?.tenant === tenant ? { view: record.outcome } : undefined;
  }
}
