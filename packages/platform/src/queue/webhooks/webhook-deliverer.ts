import { queueCatalogue, type TraceContext, type WebhookAttempt, type WebhookDelivery } from "@facefleet/contracts";
import { SpanKind } from "@opentelemetry/api";
import { DelayedError, type Job, WaitingError } from "bullmq";
import type { Egress } from "../../egress/index.js";
import type { Pass } from "../../egress/origin-circuit.js";
import { OriginCircuits, originOf } from "../../egress/origin-circuits.js";
import { type Logger, OccasionalLines } from "../../logging/index.js";
import { activeTrace, failSpan, inSpan, inTrace } from "../../tracing/index.js";
import type { FleetRedis } from "../redis/fleet-redis.js";
import { QueueWorker } from "../redis/queue-worker.js";
import { isReceiverDown } from "./attempt.js";
import { type EventRecord, EventRecords, type Progress } from "./event-records.js";
import { retryDelay } from "./retry-schedule.js";
import { SecretRecords } from "./secret-records.js";
import { type SentWebhook, sendWebhook } from "./send-webhook.js";
import { SlowSlots } from "./slow-slots.js";

export interface WebhookDelivererOptions {
  readonly logger: Logger;
  readonly egress: Egress;
  /**
   * How many events are on their way at once, those not counted that have been for more than a second, of which each
   * tenant has as many at most; a quarter of them, and at least one, to the same receiver.
   */
  readonly concurrency: number;
  /** How long a receiver has to answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Called after each attempt. */
  readonly onAttempt?: (attempt: Pick<WebhookAttempt, "outcome" | "durationMs">) => void;
  /** The schedule of retries, in milliseconds; that of the service unless told. */
  readonly retryDelaysMs?: readonly number[];
  /** How long this worker may be silent before its deliveries are given to another. */
  readonly lockDurationMs?: number;
}

type DeliveryJob = Job<WebhookDelivery, void>;

const webhooks = queueCatalogue.webhooks;
/** A round ends after it, however often the receiver put it off or was left alone. */
const longestRoundMs = 36 * 3600 * 1000;
/** How much earlier than noted an event may come: clocks and timers are not exact. */
const slackMs = 50;
/** After a failure of our own. */
const afterFaultMs = 30_000;

/**
 * Delivers events to their receivers, each at least once. BullMQ keeps when an event's turn is and sees that a worker
 * which dies is replaced; how often an event was sent, and when it is sent next, is in its record.
 */
export class WebhookDeliverer {
  readonly #options: WebhookDelivererOptions;
  readonly #logger: Logger;
  readonly #lines: OccasionalLines;
  readonly #records: EventRecords;
  readonly #secrets: SecretRecords;
  readonly #circuits: OriginCircuits;
  readonly #worker: QueueWorker<WebhookDelivery>;
  readonly #slots: SlowSlots;
  readonly #outOfTime = new AbortController();

  constructor(redis: FleetRedis, options: WebhookDelivererOptions) {
    const { logger, concurrency, lockDurationMs } = options;
    const { keys, work } = redis;
    this.#options = options;
    this.#logger = logger;
    this.#lines = new OccasionalLines(logger);
    this.#records = new EventRecords(work.client, keys);
    this.#secrets = new SecretRecords(work.client, keys);
    this.#circuits = new OriginCircuits({ concurrency });
    this.#worker = new QueueWorker<WebhookDelivery>(redis, {
      logger,
      queue: webhooks,
      lockDurationMs,
      concurrency,
      take: (job, token) => this.#take(job, token),
    });
    const { bull, taking } = this.#worker;
    this.#slots = new SlowSlots({ worker: bull, taking, slots: concurrency });
    bull.on("failed", (job, error) => this.#logger.error({ err: error, delivery: job?.id }, "delivery failed"));
  }

  get isRunning(): boolean {
    return this.#worker.bull.isRunning();
  }

  /** Begins to deliver, as soon as Redis can be reached. */
  start(): void {
    this.#worker.start();
  }

  /** Takes no more events and waits for those on their way. What is left at the deadline is sent by another. */
  stop(deadlineMs: number): Promise<void> {
    const letGo = () => this.#outOfTime.abort(new Error("The worker is stopping"));
    return this.#worker.stop({ deadlineMs, letGo });
  }

  async #take(job: DeliveryJob, token: string | undefined): Promise<void> {
    const waitMs = await this.#advance(job.data).catch((error: unknown) => this.#faulted(job, error));
    if (waitMs === undefined) return;
    if (this.#outOfTime.signal.aborted) {
      await job.moveToWait(token);
      throw new WaitingError();
    }
    await job.moveToDelayed(Date.now() + waitMs, token);
    throw new DelayedError();
  }

  /** Brings an event one step on. Returns how long it is to wait for the next; undefined when there is none. */
  async #advance({ event: id, round }: WebhookDelivery): Promise<number | undefined> {
    const event = await this.#records.find(id);
    // Delivered by a worker that could not say so to BullMQ, or queued anew by a resend.
    if (event?.state !== "pending" || event.round !== round) return undefined;
    const earlyMs = event.nextAttemptAt - Date.now();
    if (earlyMs > slackMs) return earlyMs;
    const end = await this.#endWithoutAttempt(event);
    if (end) return this.#end(event, end);
    const entry = this.#circuits.enter(event.tenant, event.url);
    return "waitMs" in entry ? entry.waitMs : this.#attempt(event, entry);
  }

  /** A resend asks the receiver whatever it said before. */
  async #endWithoutAttempt(event: EventRecord): Promise<"disabled" | "failed" | undefined> {
    if (Date.now() - event.since > longestRoundMs) return "failed";
    return event.round === 0 && (await this.#records.isDisabled(event)) ? "disabled" : undefined;
  }

  #end(event: EventRecord, state: "disabled" | "failed"): Promise<number | undefined> {
    this.#logger.warn({ ...shown(event), state }, "webhook not sent any more");
    return this.#note(event, { state });
  }

  async #attempt(event: EventRecord, pass: Pass): Promise<number | undefined> {
    let end = pass.abandoned;
    try {
      const sent = await this.#slots.during(() => this.#send(event));
      end = isReceiverDown(sent) ? pass.failed : pass.succeeded;
      const progress = this.#progressOf(event, sent);
      this.#report(event, sent, progress);
      return await this.#note(event, progress);
    } finally {
      end();
    }
  }

  /** Within a span of its own in the event's trace, which goes to the receiver. */
  #send(event: EventRecord): Promise<SentWebhook> {
    const options = { kind: SpanKind.CLIENT, attributes: attemptAttributes(event) };
    const send = () =>
      inSpan("POST", options, async (span) => {
        const sent = await this.#sendIn(activeTrace() ?? event.trace, event);
        span.setAttribute("facefleet.webhook.outcome", sent.outcome);
        if (sent.cause) span.setAttribute("facefleet.webhook.cause", sent.cause);
        if (sent.status !== undefined) span.setAttribute("http.response.status_code", sent.status);
        if (sent.outcome !== "delivered") failSpan(span, sent.outcome);
        return sent;
      });
    return inTrace(event.trace, send);
  }

  async #sendIn(trace: TraceContext | undefined, { id, tenant, url, body }: EventRecord): Promise<SentWebhook> {
    const { egress, timeoutMs } = this.#options;
    const secrets = await this.#secrets.signing(tenant);
    const webhook = { id, url, body, secrets, ...(trace && { trace }) };
    return sendWebhook(egress, webhook, { timeoutMs, signal: this.#outOfTime.signal });
  }

  #progressOf(event: EventRecord, { at, durationMs, outcome, cause, status, retryAfterMs }: SentWebhook): Progress {
    const how = { outcome, ...(cause && { cause }), ...(status !== undefined && { status }) };
    const attempt = { at: at.toISOString(), durationMs, ...how };
    if (outcome === "delivered") return { state: "delivered", attempt };
    if (outcome === "gone") return { state: "disabled", attempt };
    const delayMs = retryDelay({ tries: event.tries + 1, retryAfterMs, delaysMs: this.#options.retryDelaysMs });
    if (delayMs === undefined) return { state: "failed", attempt };
    const nextAttemptAt = Date.now() + delayMs;
    return {
      state: "pending",
      attempt: { ...attempt, nextAttemptAt: new Date(nextAttemptAt).toISOString() },
      nextAttemptAt,
    };
  }

  async #note(event: EventRecord, progress: Progress): Promise<number | undefined> {
    await this.#records.note(event, progress);
    return progress.nextAttemptAt === undefined ? undefined : progress.nextAttemptAt - Date.now();
  }

  #report(event: EventRecord, { outcome, cause, status, durationMs, error: err }: SentWebhook, { state }: Progress) {
    this.#options.onAttempt?.({ outcome, durationMs });
    const fields = { ...shown(event), outcome, cause, status, durationMs, attempt: event.tries + 1, state };
    this.#logger.info(fields, "webhook sent");
    if (outcome === "delivered") return;
    // One receiver's trouble, however many events it keeps from going on.
    this.#lines.write("warn", { ...fields, err }, "a receiver does not take webhooks", `${fields.origin} ${outcome}`);
  }

  /** An event is never dropped because of a failure that is not its receiver's. */
  #faulted({ data }: DeliveryJob, error: unknown): number {
    if (this.#outOfTime.signal.aborted) return 0;
    const fields = { err: error, eventId: data.event };
    this.#lines.write("error", fields, "a webhook could not be sent; it is tried again");
    return afterFaultMs;
  }
}

/** What of an event may be in the log. */
function shown({ id, subject, tenant, url, requestId }: EventRecord) {
  return { eventId: id, subject, tenant, requestId, origin: originOf(url) };
}

/** The path and the query of a receiver may let somebody in. */
function attemptAttributes({ id, subject, tenant, url, tries }: EventRecord) {
  return {
    "http.request.method": "POST",
    "http.request.resend_count": tries,
    "server.address": new URL(url).hostname,
    "facefleet.webhook.id": id,
    "facefleet.webhook.subject": subject,
    "facefleet.tenant": tenant,
  };
}
