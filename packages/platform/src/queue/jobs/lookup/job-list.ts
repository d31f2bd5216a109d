import { type Job, type JobState, ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";
import type { QueueKeys } from "../../redis/queue-keys.js";
import { erased } from "../ends/outcomes.js";
import type { JobSightings } from "./job-sightings.js";

export interface JobQuery {
  readonly state?: JobState;
  /** From the page before. */
  readonly cursor?: string;
  /** The most jobs of the page. */
  readonly limit: number;
}

export interface JobPage {
  /** Newest first, without their results. */
  readonly jobs: Job[];
  /** Where the next page starts; absent on the last one. */
  readonly cursor?: string;
}

/** A place in the order of a tenant's jobs: by time of creation, then by id. */
interface Place {
  readonly id: string;
  readonly createdAt: number;
}

/** Looked up together. */
const chunkSize = 25;
/** A page that finds few jobs in the wanted state ends after so many that it looked at. */
const mostLooks = 1000;
/** And any page after so many of their callers' own words, in characters. */
const mostWords = 1_000_000;

/** Pages of a tenant's jobs. Jobs that come or go meanwhile move no other job to another place. */
export class JobList {
  constructor(
    private readonly redis: Redis,
    private readonly keys: QueueKeys,
    private readonly sightings: JobSightings,
  ) {}

  /** @throws ProblemError `invalid_request` for a cursor that came from no page */
  async page(tenant: string, { state, cursor, limit }: JobQuery): Promise<JobPage> {
    const jobs: Job[] = [];
    let looks = 0;
    let words = 0;
    for await (const { place, view } of this.#newestFirst(tenant, placeOf(cursor), Math.min(limit, chunkSize))) {
      looks += 1;
      words += wordsOf(view);
      if (view && (state === undefined || view.state === state)) jobs.push(view);
      const isOver = jobs.length === limit || looks === mostLooks || words > mostWords;
      if (isOver) return { jobs, cursor: cursorOf(place) };
    }
    return { jobs };
  }

  async *#newestFirst(tenant: string, from: Place | undefined, chunkSize: number) {
    let places: Place[];
    let last = from;
    do {
      places = await this.#after(tenant, last, chunkSize);
      const views = await Promise.all(places.map(({ id }) => this.#view(tenant, id)));
      for (const [index, place] of places.entries()) yield { place, view: views[index] };
      last = places.at(-1);
    } while (places.length >= chunkSize);
  }

  async #view(tenant: string, id: string): Promise<Job | undefined> {
    const view = (await this.sightings.of(tenant, id, { withResult: false }))?.view;
    return view === erased ? undefined : view;
  }

  /** The next places, at least as many as asked for unless there are no more. */
  async #after(tenant: string, place: Place | undefined, count: number): Promise<Place[]> {
    if (!place) return this.#newest(tenant, "+inf", count);
    const { createdAt, id } = place;
    const [same, older] = await Promise.all([
      this.redis.zrangebyscore(this.keys.jobs(tenant), createdAt, createdAt),
      this.#newest(tenant, `(${createdAt}`, count),
    ]);
    const rest = same.filter((other) => other < id).reverse();
    return [...rest.map((other) => ({ id: other, createdAt })), ...older];
  }

  async #newest(tenant: string, from: string, count: number): Promise<Place[]> {
    const key = this.keys.jobs(tenant);
    const flat = await this.redis.zrevrangebyscore(key, from, "-inf", "WITHSCORES", "LIMIT", 0, count);
    return flat.flatMap((id, index) => (index % 2 === 0 ? [{ id, createdAt: Number(flat[index + 1]) }] : []));
  }
}

function wordsOf(view: Job | undefined): number {
  return Object.entries(view?.metadata ?? {}).reduce((sum, [name, text]) => sum + name.length + text.length, 0);
}

function cursorOf({ createdAt, id }: Place): string {
  return Buffer.from(`${createdAt} ${id}`).toString("base64url");
}

function placeOf(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const [, createdAt, id] = /^(\d{1,15}) ([\w-]{1,64})$/.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (createdAt !== undefined && id !== undefined) return { id, createdAt: Number(createdAt) };
  const message = "Expected the cursor of another page of this list for `cursor`";
  throw new ProblemError("invalid_request", message, { extras: { errors: [{ path: "/cursor", message }] } });
}
