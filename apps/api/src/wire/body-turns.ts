import type { FastifyInstance, FastifyRequest } from "fastify";

/**
 * From how many bytes on a body waits for its turn. To read and check one of these takes milliseconds, in which nobody
 * else is answered.
 */
const heavyBytes = 65_536;
/** A turn is over after so long, whatever has become of it, in milliseconds. */
const longestTurnMs = 1000;
/** The longest that nothing heavy is read after what was, in milliseconds. */
const longestPauseMs = 250;

/**
 * Whose heavy body is read next: one at a time, in turns between tenants, and after each it is for as long the turn of
 * everything else. So heavy bodies never take more than half of a process, however many come.
 */
export class BodyTurns {
  /** What waits, by tenant; whose turn comes first stands first. */
  readonly #waiting = new Map<string, (() => void)[]>();
  #isBusy = false;

  /** Resolves when it is the turn of a body of this tenant, to what ends it. */
  take(tenant: string): Promise<() => void> {
    return new Promise((resolve) => {
      const begin = () => {
        const began = performance.now();
        const end = once(() => {
          clearTimeout(timer);
          setTimeout(() => this.#ended(tenant), Math.min(performance.now() - began, longestPauseMs));
        });
        const timer = setTimeout(end, longestTurnMs);
        resolve(end);
      };
      const own = this.#waiting.get(tenant);
      if (own) own.push(begin);
      else this.#waiting.set(tenant, [begin]);
      if (!this.#isBusy) this.#next();
    });
  }

  /** Its next turn comes behind those of all who have waited meanwhile. */
  #ended(tenant: string): void {
    const others = this.#waiting.get(tenant) ?? [];
    this.#waiting.delete(tenant);
    if (others.length > 0) this.#waiting.set(tenant, others);
    this.#next();
  }

  #next(): void {
    const [first] = this.#waiting.values();
    const begin = first?.shift();
    this.#isBusy = begin !== undefined;
    begin?.();
  }
}

declare module "fastify" {
  interface FastifyInstance {
    /** Resolves when it is the turn of a body that its route reads; the turn lasts until that waits for something. */
    takeBodyTurn(request: FastifyRequest, bytes: number): Promise<void>;
  }
}

/**
 * Gives heavy bodies their turns, which last until their handlers wait for something. Returns what a body of so many bytes
 * has to wait for; undefined where it need not.
 */
export function giveTurnsToBodies(
  app: FastifyInstance,
  turns = new BodyTurns(),
): (request: FastifyRequest, bytes: number) => Promise<void> | undefined {
  const ends = new WeakMap<FastifyRequest, () => void>();
  const end = (request: FastifyRequest) => ends.get(request)?.();
  app.addHook("preHandler", (request, _reply, done) => {
    if (ends.has(request)) setImmediate(end, request);
    done();
  });
  // Also of what was refused, or whose caller has gone.
  app.addHook("onResponse", (request, _reply, done) => {
    end(request);
    done();
  });
  const take = (request: FastifyRequest, bytes: number) => {
    if (bytes < heavyBytes) return undefined;
    return turns.take(request.tenant?.id ?? "").then((ended) => {
      ends.set(request, ended);
    });
  };
  app.decorate("takeBodyTurn", async (request: FastifyRequest, bytes: number) => {
    const turn = take(request, bytes);
    if (turn === undefined) return;
    await turn;
    setImmediate(end, request);
  });
  return take;
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}
