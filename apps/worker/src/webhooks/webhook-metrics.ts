import type { WebhookAttempt } from "@facefleet/contracts";
import { type Metrics, secondsBuckets } from "@facefleet/platform";
import { Counter, Histogram } from "prom-client";

/** Counts and times the attempts to deliver webhooks. */
export class WebhookMetrics {
  readonly #attempts;
  readonly #duration;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.#attempts = new Counter({
      name: "facefleet_webhook_attempts_total",
      help: "Attempts to deliver a webhook, by how they went",
      labelNames: ["outcome"],
      registers,
    });
    this.#duration = new Histogram({
      name: "facefleet_webhook_attempt_duration_seconds",
      help: "Time from an attempt's start until its answer or its failure",
      buckets: secondsBuckets,
      registers,
    });
  }

  attempt({ outcome, durationMs }: Pick<WebhookAttempt, "outcome" | "durationMs">): void {
    this.#attempts.inc({ outcome });
    this.#duration.observe(durationMs / 1000);
  }
}
