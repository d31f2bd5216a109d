import {
  type Egress,
  type EgressAnswer,
  EgressError,
  type EgressFailure,
  type EgressRequest,
} from "@facefleet/platform";

/** How a request ended: with any status, without an answer, or because its caller gave it up. */
export type EgressOutcome = "answered" | EgressFailure | "aborted";

/** Tells of each request how it ended. */
export class CountedEgress implements Egress {
  readonly #egress: Egress;
  readonly #onEnd: (outcome: EgressOutcome) => void;

  constructor(egress: Egress, onEnd: (outcome: EgressOutcome) => void) {
    this.#egress = egress;
    this.#onEnd = onEnd;
  }

  assertAllowed(url: string): void {
    this.#egress.assertAllowed(url);
  }

  async send(request: EgressRequest): Promise<EgressAnswer> {
    try {
      const answer = await this.#egress.send(request);
      this.#onEnd("answered");
      return answer;
    } catch (error) {
      this.#onEnd(error instanceof EgressError ? error.failure : "aborted");
      throw error;
    }
  }
}
