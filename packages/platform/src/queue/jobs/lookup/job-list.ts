import type { Job, JobState } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import { type ListQuery, NewestFirst } from "../../redis/newest-first.js";
import type { QueueKeys } from "../../redis/queue-keys.js";
import { erased } from "../ends/outcomes.js";
import type { JobSightings } from "./job-sightings.js";

export type JobQuery = ListQuery<JobState>;

export interface JobPage {
  /** Newest first, without their results. */
  readonly jobs: Job[];
  /** Where the next page starts; absent on the last one. */
  readonly cursor?: string;
}

/** Pages of a tenant's jobs. */
export class JobList {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
    private readonly sightings: JobSightings,
  ) {}

  /** @throws ProblemError `invalid_request` for a cursor that came from no page */
  async page(tenant: string, query: JobQuery): Promise<JobPage> {
    const look = (ids: readonly string[]) => Promise.all(ids.map((id) => this.#view(tenant, id)));
    const { items, ...rest } = await new NewestFirst(this.redis, look).page(this.keys.jobs(tenant), query);
    return { jobs: items, ...rest };
  }

  async #view(tenant: string, id: string): Promise<Job | undefined> {
    const view = (await this.sightings.of(tenant, id, { withResult: false }))?.view;
    return view === erased ? undefined : view;
  }
}
