import { defaultTenant, type FaceJobPayload, type Job, type JobResult, type WebhookState } from "@facefleet/contracts";
import { eventually } from "../../../../../tests/support/eventually.js";
import { type Behaviour, WebhookReceiver } from "../../../../../tests/support/webhook-receiver.js";
import { EgressGuard } from "../../../src/egress/index.js";
import { OutboxRelay, WebhookDeliverer, type WebhookDelivererOptions } from "../../../src/queue/index.js";
import { EventRecords } from "../../../src/queue/webhooks/event-records.js";
import { SecretRecords } from "../../../src/queue/webhooks/secret-records.js";
import { payload, QueueBench, result, silent } from "../queue-bench.js";

export type DelivererOptions = Partial<WebhookDelivererOptions>;

let jobCount = 0;

/** A queue whose ends are announced to receivers on loopback. */
export class WebhookBench extends QueueBench {
  readonly events = new EventRecords(this.redis, this.keys);
  readonly secrets = new SecretRecords(this.redis, this.keys);

  async receiver(behave?: Behaviour, port?: number): Promise<WebhookReceiver> {
    const receiver = await WebhookReceiver.start(behave, port);
    this.onClose(() => receiver.stop());
    return receiver;
  }

  relay(): OutboxRelay {
    const relay = new OutboxRelay(this.fleet, { logger: silent });
    this.onClose(() => relay.stop());
    return relay;
  }

  deliverer(options: DelivererOptions = {}): WebhookDeliverer {
    const deliverer = new WebhookDeliverer(this.fleet, {
      logger: silent,
      egress: new EgressGuard({ allow: ["127.0.0.1"] }),
      concurrency: 16,
      timeoutMs: 500,
      retryDelaysMs: [100, 100, 100],
      ...options,
    });
    this.onClose(() => deliverer.stop(0));
    return deliverer;
  }

  /** Delivers, as a worker does. */
  delivering(options: DelivererOptions = {}): void {
    this.relay().start();
    this.deliverer(options).start();
  }

  /** Ends a job that asks for a webhook. Returns the id of its event. */
  async ended(url: string, { job = {}, sent = {} }: { job?: Partial<Job>; sent?: Partial<FaceJobPayload> } = {}) {
    const id = `j${String(++jobCount).padStart(32, "0")}`;
    const finishedAt = new Date();
    const ended: Job = {
      id,
      task: "embed",
      state: "succeeded",
      createdAt: finishedAt.toISOString(),
      finishedAt: finishedAt.toISOString(),
      expiresAt: new Date(finishedAt.getTime() + 600_000).toISOString(),
      attempts: 1,
      metadata: { album: "summer" },
      links: { self: `/v1/jobs/${id}`, events: `/v1/jobs/${id}/events` },
      ...(job.state === undefined && { result: someFaces }),
      ...job,
    };
    await this.outcomes.write(ended, { ...payload, webhook: { url }, ...sent });
    return { id, event: (await this.outcomes.read(id))!.event! };
  }

  async settled(event: string, state: WebhookState, withinMs?: number) {
    await eventually(async () => (await this.events.progress(event)).state === state, withinMs);
    return (await this.events.attempts(event)).attempts;
  }

  secret(tenant = defaultTenant): Promise<string> {
    return this.secrets.current(tenant).then(({ secret }) => secret);
  }
}

const face = { box: { x: 1, y: 1, width: 2, height: 2 }, confidence: 0.99, embedding: [0.123456, 0.654321] };
const someFaces: JobResult = { ...result, faces: [face, face] };
