import { Readable } from "node:stream";
import type { FastifyReply, FastifyRequest } from "fastify";
import { AtOnce } from "../tenancy/at-once.js";

/** Answers that are read from elsewhere while they are sent. Each holds a piece of its answer, and a request to the store. */
export class LargeAnswers {
  readonly #underway = new AtOnce({ most: 16, code: "too_many_downloads", what: "large answers" });

  /**
   * The stream of an answer's bytes.
   * @throws ProblemError `too_many_downloads`
   */
  stream(request: FastifyRequest, reply: FastifyReply, bytes: AsyncIterable<Buffer>): Readable {
    this.#underway.enter(request, reply);
    const stream = Readable.from(bytes, { objectMode: false });
    stream.on("error", (error) => request.log.warn({ err: error }, "a large answer broke off"));
    return stream;
  }
}
