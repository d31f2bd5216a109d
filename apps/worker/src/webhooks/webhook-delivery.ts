import {
  type Egress,
  type FleetRedis,
  type Logger,
  type Metrics,
  OutboxRelay,
  WebhookDeliverer,
} from "@facefleet/platform";
import type { WorkerConfig } from "../config.js";
import { WebhookMetrics } from "./webhook-metrics.js";

/** Brings events from the outbox to their receivers. */
export class WebhookDelivery {
  readonly #relay: OutboxRelay;
  readonly #deliverer: WebhookDeliverer;
  #stopped: Promise<void> | undefined;

  constructor(
    redis: FleetRedis,
    config: WorkerConfig,
    parts: { readonly logger: Logger; readonly metrics: Metrics; readonly egress: Egress },
  ) {
    const { logger, egress } = parts;
    const metrics = new WebhookMetrics(parts.metrics);
    this.#relay = new OutboxRelay(redis, { logger, publicUrl: config.PUBLIC_URL });
    this.#deliverer = new WebhookDeliverer(redis, {
      logger,
      egress,
      concurrency: config.WEBHOOK_CONCURRENCY,
      timeoutMs: config.WEBHOOK_TIMEOUT * 1000,
      onAttempt: (attempt) => metrics.attempt(attempt),
    });
  }

  get isRunning(): boolean {
    return this.#deliverer.isRunning && this.#stopped === undefined;
  }

  start(): void {
    this.#relay.start();
    this.#deliverer.start();
  }

  /** Takes nothing more and waits for what is on its way. Every call gives the same promise. */
  stop(deadlineMs: number): Promise<void> {
    this.#stopped ??= Promise.all([this.#relay.stop(), this.#deliverer.stop(deadlineMs)]).then(() => undefined);
    return this.#stopped;
  }
}
