import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { OutboxEvent, OutboxResend, type WebhookDelivery } from "@facefleet/contracts";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { publicBase } from "../../config/index.js";
import type { Logger } from "../../logging/index.js";
import type { FleetRedis } from "../redis/fleet-redis.js";
import type { QueueKeys } from "../redis/queue-keys.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import { as, script } from "../redis/script.js";
import { EventRecords } from "./event-records.js";
import { addDeliveries, openWebhookQueue, type WebhookQueue } from "./webhook-queue.js";

const everyMs = 250;
const afterFailureMs = 1000;
/** How long the others leave the outbox to a relay that they hear nothing of. */
const leaseMs = 5000;
const chunkSize = 100;

const item = Compile(Type.Union([OutboxEvent, OutboxResend]));

/** Shows what is first in the outbox to one relay at a time. */
const peek = script(
  {
    keys: { lease: "key", outbox: "key" },
    args: { relay: "text", leaseFor: "number", most: "number" },
    answer: as<string[]>(),
  },
  `
if redis.call("EXISTS", outbox) == 0 then return {} end
local holder = redis.call("GET", lease)
if holder and holder ~= relay then return {} end
redis.call("SET", lease, relay, "PX", leaseFor)
return redis.call("LRANGE", outbox, 0, most - 1)`,
);

const release = script(
  { keys: { lease: "key" }, args: { relay: "text" } },
  `
if redis.call("GET", lease) == relay then return redis.call("DEL", lease) end
return 0`,
);

/**
 * Moves events from the outbox into the queue of the deliveries. An event leaves the outbox only once it is queued, and
 * queueing it again changes nothing: whatever dies in between, none is lost. The lease only spares work.
 */
export class OutboxRelay {
  readonly #logger: Logger;
  readonly #keys: QueueKeys;
  readonly #connection: RedisConnection;
  readonly #queue: WebhookQueue;
  readonly #records: EventRecords;
  readonly #publicBase: string | undefined;
  readonly #token = randomUUID();
  readonly #stopping = new AbortController();
  #relaying: Promise<void> = Promise.resolve();

  /** Links of webhooks begin with `publicUrl`. */
  constructor(
    redis: FleetRedis,
    { logger, publicUrl }: { readonly logger: Logger; readonly publicUrl?: string | undefined },
  ) {
    this.#logger = logger;
    this.#keys = redis.keys;
    this.#connection = redis.commands;
    this.#queue = openWebhookQueue(redis);
    this.#records = new EventRecords(this.#connection.client, this.#keys);
    this.#publicBase = publicUrl && publicBase(publicUrl);
  }

  start(): void {
    this.#relaying = this.#relayUntilStopped();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#relaying;
    const letGo = () => release.run(this.#connection.client, { lease: this.#keys.relay }, { relay: this.#token });
    await this.#connection.attempt(letGo).catch(() => undefined);
  }

  /**
   * Moves what is first in the outbox, unless it is another's turn. Returns how much there was.
   * @throws ProblemError `queue_unavailable`
   */
  relay(): Promise<number> {
    return this.#connection.attempt(async () => {
      const { client } = this.#connection;
      const keys = { lease: this.#keys.relay, outbox: this.#keys.outbox };
      const texts = await peek.run(client, keys, { relay: this.#token, leaseFor: leaseMs, most: chunkSize });
      if (texts.length === 0) return 0;
      const deliveries = await Promise.all(texts.map((text) => this.#accept(text)));
      await addDeliveries(
        this.#queue,
        deliveries.filter((delivery) => delivery !== undefined),
      );
      await Promise.all(texts.map((text) => client.lrem(this.#keys.outbox, 1, text)));
      return texts.length;
    });
  }

  async #accept(text: string): Promise<WebhookDelivery | undefined> {
    const announced = read(text);
    if (!announced) {
      this.#logger.error("an event in the outbox has not the expected form and is dropped");
      return undefined;
    }
    if (announced.kind === "resend") return { event: announced.id, round: announced.round };
    await this.#records.accept(announced, this.#publicBase);
    return { event: announced.id, round: 0 };
  }

  async #relayUntilStopped(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const pauseMs = await this.#relayOnce();
      await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Returns how long to wait before the next time. Never rejects. */
  async #relayOnce(): Promise<number> {
    try {
      return (await this.relay()) === chunkSize ? 0 : everyMs;
    } catch (error) {
      this.#logger.debug({ err: error }, "the outbox could not be relayed; it is tried again");
      return afterFailureMs;
    }
  }
}

function read(text: string): OutboxEvent | OutboxResend | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return item.Check(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
