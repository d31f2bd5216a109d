import type { KeptText } from "../../results/kept-text.js";
import type { EventRecords } from "../../webhooks/event-records.js";
import { erased, type Outcome, type OutcomeRecord, type Outcomes } from "../ends/outcomes.js";
import type { FaceQueue } from "../job/face-queue.js";
import { type FaceQueueJob, liveJob, liveState, tenantOf, unrecordedFailure } from "../job/job-view.js";

/** What is known of a job: how it ended, or where it is. */
export interface Sighting {
  /** Without its result. */
  readonly view: Outcome;
  /** Where it has one, and it was asked for. */
  readonly result?: KeptText;
  /** BullMQ's own record of a job that has no outcome. */
  readonly queued?: FaceQueueJob;
  /** The event that announces the job's end, where one was asked for. */
  readonly event?: string;
}

/** Puts together what BullMQ, the outcomes and the events know. */
export class JobSightings {
  constructor(
    private readonly queue: FaceQueue,
    private readonly outcomes: Outcomes,
    private readonly events: EventRecords,
  ) {}

  /** Another tenant's job is no job. */
  async of(tenant: string, id: string, { withResult = true } = {}): Promise<Sighting | undefined> {
    const record = await this.outcomes.read(id, { withResult });
    if (record) return this.#recorded(tenant, record);
    const queued = await this.queue.getJob(id);
    if (!queued) return this.#ended(tenant, id, withResult);
    if (tenantOf(queued.data) !== tenant) return undefined;
    const state = liveState(await queued.getState());
    if (state) return { view: liveJob(queued, state), queued };
    const ended = await this.#ended(tenant, id, withResult);
    const failure = unrecordedFailure(queued);
    return ended ?? (failure && { view: failure, queued });
  }

  /** A job may end between the two looks. */
  async #ended(tenant: string, id: string, withResult: boolean): Promise<Sighting | undefined> {
    const record = await this.outcomes.read(id, { withResult });
    return record && this.#recorded(tenant, record);
  }

  async #recorded(tenant: string, { outcome, event, ...record }: OutcomeRecord): Promise<Sighting | undefined> {
    if (record.tenant !== tenant) return undefined;
    const result = record.result === undefined ? {} : { result: record.result };
    if (outcome === erased || event === undefined) return { view: outcome, ...result };
    return { view: { ...outcome, webhook: await this.events.progress(event) }, ...result, event };
  }
}
