import { type ProblemCode, ProblemError } from "@facefleet/contracts";
import type { FastifyReply, FastifyRequest } from "fastify";

export interface AtOnceOptions {
  /** The most of one tenant, in one process. */
  readonly most: number;
  readonly code: ProblemCode;
  /** What they are, in words. */
  readonly what: string;
}

/** Counts, by tenant, answers that last, and bounds them: each holds a connection, and more, for as long as it does. */
export class AtOnce {
  readonly #underway = new Map<string, number>();

  constructor(private readonly options: AtOnceOptions) {}

  /**
   * Counts an answer until it is over, in whatever way.
   * @throws ProblemError with the code of the options
   */
  enter({ tenant }: FastifyRequest, reply: FastifyReply): void {
    const { most, code, what } = this.options;
    const underway = this.#underway.get(tenant.id) ?? 0;
    if (underway >= most) throw new ProblemError(code, `Expected fewer than ${most} ${what} at once.`);
    this.#underway.set(tenant.id, underway + 1);
    reply.raw.once("close", () => this.#over(tenant.id));
  }

  #over(tenant: string): void {
    const left = (this.#underway.get(tenant) ?? 1) - 1;
    if (left > 0) this.#underway.set(tenant, left);
    else this.#underway.delete(tenant);
  }
}
