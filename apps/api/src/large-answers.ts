import { Readable } from "node:stream";
import { ProblemError } from "@facefleet/contracts";
import type { FastifyReply, FastifyRequest } from "fastify";

/** Of one tenant, from one process. Each holds a piece of its answer, and a request to the object store, open. */
const mostAtOnce = 16;

/** Answers that are read from elsewhere while they are sent. A tenant has a few of them on their way at once. */
export class LargeAnswers {
  readonly #underway = new Map<string, number>();

  /**
   * The stream of an answer's bytes, which counts until it is over, in whatever way.
   * @throws ProblemError `too_many_downloads`
   */
  stream({ tenant, log }: FastifyRequest, reply: FastifyReply, bytes: AsyncIterable<Buffer>): Readable {
    const underway = this.#underway.get(tenant.id) ?? 0;
    if (underway >= mostAtOnce) {
      throw new ProblemError("too_many_downloads", `Expected fewer than ${mostAtOnce} large answers on their way.`);
    }
    this.#underway.set(tenant.id, underway + 1);
    reply.raw.once("close", () => this.#over(tenant.id));
    const stream = Readable.from(bytes, { objectMode: false });
    stream.on("error", (error) => log.warn({ err: error }, "a large answer broke off"));
    return stream;
  }

  #over(tenant: string): void {
    const left = (this.#underway.get(tenant) ?? 1) - 1;
    if (left > 0) this.#underway.set(tenant, left);
    else this.#underway.delete(tenant);
  }
}
