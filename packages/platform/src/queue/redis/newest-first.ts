import { ProblemError } from "@facefleet/contracts";
import type { Redis } from "ioredis";

export interface ListQuery<State> {
  readonly state?: State;
  /** From the page before. */
  readonly cursor?: string;
  /** The most things of the page. */
  readonly limit: number;
}

export interface Page<T> {
  /** Newest first. */
  readonly items: T[];
  /** Where the next page starts; absent on the last one. */
  readonly cursor?: string;
}

/** What is listed: in a state, with words of its caller. */
interface Listed<State> {
  readonly state: State;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A place in the order of a tenant's things: by time of creation, then by id. */
interface Place {
  readonly id: string;
  readonly createdAt: number;
}

/** Looked up together. */
const chunkSize = 25;
/** A page that finds few things in the wanted state ends after so many that it looked at. */
const mostLooks = 1000;
/** And any page after so many of their callers' own words, in characters. */
const mostWords = 1_000_000;

/**
 * Pages of a sorted set of ids by when each was created. What comes or goes meanwhile moves no other to another place.
 */
export class NewestFirst<T extends Listed<State>, State> {
  /** @param look the things of some ids, in their order; nothing for what is gone */
  constructor(
    private readonly redis: Redis,
    private readonly look: (ids: readonly string[]) => Promise<readonly (T | undefined)[]>,
  ) {}

  /** @throws ProblemError `invalid_request` for a cursor that came from no page */
  async page(key: string, { state, cursor, limit }: ListQuery<State>): Promise<Page<T>> {
    const items: T[] = [];
    let looks = 0;
    let words = 0;
    for await (const { place, item } of this.#newestFirst(key, placeOf(cursor), Math.min(limit, chunkSize))) {
      looks += 1;
      words += wordsOf(item);
      if (item && (state === undefined || item.state === state)) items.push(item);
      const isOver = items.length === limit || looks === mostLooks || words > mostWords;
      if (isOver) return { items, cursor: cursorOf(place) };
    }
    return { items };
  }

  async *#newestFirst(key: string, from: Place | undefined, chunkSize: number) {
    let places: Place[];
    let last = from;
    do {
      places = await this.#after(key, last, chunkSize);
      const items = await this.look(places.map(({ id }) => id));
      for (const [index, place] of places.entries()) yield { place, item: items[index] };
      last = places.at(-1);
    } while (places.length >= chunkSize);
  }

  /** The next places, at least as many as asked for unless there are no more. */
  async #after(key: string, place: Place | undefined, count: number): Promise<Place[]> {
    if (!place) return this.#newest(key, "+inf", count);
    const { createdAt, id } = place;
    const [same, older] = await Promise.all([
      this.redis.zrangebyscore(key, createdAt, createdAt),
      this.#newest(key, `(${createdAt}`, count),
    ]);
    const rest = same.filter((other) => other < id).reverse();
    return [...rest.map((other) => ({ id: other, createdAt })), ...older];
  }

  async #newest(key: string, from: string, count: number): Promise<Place[]> {
    const flat = await this.redis.zrevrangebyscore(key, from, "-inf", "WITHSCORES", "LIMIT", 0, count);
    return flat.flatMap((id, index) => (index % 2 === 0 ? [{ id, createdAt: Number(flat[index + 1]) }] : []));
  }
}

function wordsOf(item: Listed<unknown> | undefined): number {
  return Object.entries(item?.metadata ?? {}).reduce((sum, [name, text]) => sum + name.length + text.length, 0);
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
