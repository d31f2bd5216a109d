import type { FaceQueue } from "./face-queue.js";
import { type FaceQueueJob, liveJob, liveState, unrecordedFailure } from "./job-view.js";
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

  async of(id: string): Promise<Sighting | undefined> {
    const outcome = await this.outcomes.read(id);
    if (outcome) return { view: outcome };
    const queued = await this.queue.getJob(id);
    const state = queued && liveState(await queued.getState());
    if (queued && state) return { view: liveJob(queued, state), queued };
    // It may have ended between the two looks.
    const view = (await this.outcomes.read(id)) ?? (queued && unrecordedFailure(queued));
    return view && { view, ...(queued && { queued }) };
  }
}
