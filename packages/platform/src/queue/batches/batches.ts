import { randomUUID } from "node:crypto";
import {
  type Batch,
  type BatchItem,
  ProblemError,
  type TraceContext,
  type WebhookAttempts,
} from "@facefleet/contracts";
import type { Logger } from "../../logging/index.js";
import type { ObjectStore } from "../../object-store/index.js";
import { activeTrace } from "../../tracing/index.js";
import { type Idempotency, IdempotencyRecords, unconfirmed } from "../jobs/admission/idempotency.js";
import { type FaceQueue, openFaceQueue } from "../jobs/job/face-queue.js";
import { webhookAbsent } from "../jobs/lookup/job-webhooks.js";
import type { Quotas } from "../ledger/quotas.js";
import { anyRoom, quotasWithin, type Room } from "../ledger/redis-room.js";
import type { FleetRedis } from "../redis/fleet-redis.js";
import { idempotencyDigest, type QueueKeys } from "../redis/queue-keys.js";
import type { RedisConnection } from "../redis/redis-connection.js";
import type { KeptText } from "../results/kept-text.js";
import { ResultStore } from "../results/result-store.js";
import { EventRecords } from "../webhooks/event-records.js";
import { type BatchMaterial, createBatch } from "./batch-creation.js";
import { BatchList, type BatchPage, type BatchQuery } from "./batch-list.js";
import type { BatchPlan, BatchRecord } from "./batch-record.js";
import { cancelBatch, eraseBatch } from "./batch-removal.js";
import { retryBatch } from "./batch-retry.js";
import { BatchViews } from "./batch-views.js";
import { type PartLines, readPartLines } from "./part-lines.js";

export interface BatchOptions extends Omit<Quotas, "maxQueuedJobs"> {
  /** Those that came with the request; none when the plan's source is elsewhere. */
  readonly items: readonly BatchItem[];
  /** The tenant's own among the uploads that these name, once for each item. */
  readonly uploads?: readonly string[];
  readonly idempotency?: Idempotency;
  /** The caller's, which is handed on where this process makes no spans. */
  readonly trace?: TraceContext | undefined;
  readonly requestId?: string;
}

export interface BatchesOptions {
  readonly logger: Logger;
  readonly store: ObjectStore;
  /** How much room there is in Redis, for whoever takes batches in. */
  readonly room?: Room;
}

export interface BatchSubmission {
  readonly batch: Batch;
  /** False when an earlier request with the same idempotency key submitted the batch. */
  readonly created: boolean;
}

export interface BatchRemoval {
  /** `canceled`: it had not ended, and what is left of it is being canceled; `erased`: it had, and is gone now. */
  readonly outcome: "canceled" | "erased";
  /** How many parts of its results may still be in the object store. */
  readonly parts: number;
}

/**
 * Submits, finds, retries, and cancels or erases batches; another tenant's batch is like one that never was.
 * Every method throws ProblemError `queue_unavailable` when Redis cannot be reached.
 */
export class Batches {
  readonly #redis: FleetRedis;
  readonly #connection: RedisConnection;
  readonly #keys: QueueKeys;
  readonly #queue: FaceQueue;
  readonly #results: ResultStore;
  readonly #room: Room;
  readonly #idempotency: IdempotencyRecords;
  readonly #events: EventRecords;
  readonly #views: BatchViews;
  readonly #list: BatchList;

  constructor(redis: FleetRedis, options: BatchesOptions) {
    this.#redis = redis;
    this.#connection = redis.commands;
    this.#keys = redis.keys;
    this.#queue = openFaceQueue(redis);
    this.#room = options.room ?? anyRoom;
    this.#results = new ResultStore(this.#connection.client, this.#keys, options);
    this.#idempotency = new IdempotencyRecords(this.#connection.client, this.#keys);
    this.#events = new EventRecords(this.#connection.client, this.#keys);
    this.#views = new BatchViews(this.#connection.client, this.#keys, this.#queue, this.#events);
    this.#list = new BatchList(this.#connection.client, this.#keys, this.#views);
  }

  /**
   * @throws ProblemError `too_many_batches`, `too_much_kept`, `too_much_stored`; `idempotency_conflict` when the key was
   *   used with another body; `submission_unconfirmed` when there was none and it is not known whether the batch is there:
   *   its id is the key then
   */
  submit(asked: BatchPlan, { items, uploads = [], idempotency, ...caller }: BatchOptions): Promise<BatchSubmission> {
    const trace = activeTrace() ?? caller.trace;
    const { requestId } = caller;
    const plan = { ...asked, ...(trace && { trace }), ...(requestId !== undefined && { requestId }) };
    const id = `b${randomUUID().replaceAll("-", "")}`;
    const material = () => ({ id, plan, items, uploads, quotas: quotasWithin(this.#room, caller) });
    if (idempotency) return this.#connection.attempt(async () => this.#submitOnce(material(), idempotency));
    return this.#connection
      .attempt(async () => ({ batch: await this.#create(material()), created: true }))
      .catch((error: unknown) => {
        throw unconfirmed(error, id);
      });
  }

  find(tenant: string, id: string): Promise<Batch | undefined> {
    return this.#connection.attempt(() => this.#views.of(tenant, id));
  }

  /** A page of the tenant's batches. */
  list(tenant: string, query: BatchQuery): Promise<BatchPage> {
    return this.#connection.attempt(() => this.#list.page(tenant, query));
  }

  record(tenant: string, id: string): Promise<BatchRecord | undefined> {
    return this.#connection.attempt(() => this.#views.record(tenant, id));
  }

  /**
   * What there is of a part of a batch's lines, those at the positions given, unless the part is in the object store.
   * @throws ProblemError `batch_not_found` when it has expired or was erased
   */
  lines(id: string, part: number, indexes: readonly number[]): Promise<PartLines> {
    const { longReads } = this.#redis;
    return longReads.attempt(() => readPartLines(longReads.client, this.#keys, { id, part, indexes }));
  }

  /** The bytes of a line, or of a part that is an object like one, piece by piece. */
  lineBytes(line: KeptText): AsyncIterable<Buffer> {
    return this.#results.bytes(line);
  }

  /**
   * Has the failed items of a batch tried again; undefined when there is no such batch.
   * @throws ProblemError `batch_not_repeatable`, `too_many_batches`, `too_much_kept`, `too_much_stored`
   */
  retry(tenant: string, id: string, quotas: Omit<Quotas, "maxQueuedJobs"> = {}): Promise<Batch | undefined> {
    return this.#connection.attempt(async () => {
      const record = await this.#views.record(tenant, id);
      if (!record) return undefined;
      await retryBatch(this.#connection.client, this.#keys, record, quotasWithin(this.#room, quotas));
      return this.#views.of(tenant, id);
    });
  }

  /** Cancels what is left of a batch, or erases one that has ended. Idempotent. */
  remove(tenant: string, id: string): Promise<BatchRemoval | undefined> {
    return this.#connection.attempt(async () => {
      const { client } = this.#connection;
      const owner = await client.hget(this.#keys.batch(id), "tenant");
      if (owner !== tenant) return undefined;
      if (await cancelBatch(client, this.#keys, id)) return { outcome: "canceled", parts: 0 };
      const record = await this.#views.record(tenant, id);
      if (!record) return { outcome: "erased", parts: 0 };
      const parts = await eraseBatch(client, this.#keys, record);
      return parts === undefined ? this.remove(tenant, id) : { outcome: "erased", parts };
    });
  }

  /**
   * How the announcement of a batch's end went; undefined when there is no such batch.
   * @throws ProblemError `webhook_absent`
   */
  webhookAttempts(tenant: string, id: string): Promise<WebhookAttempts | undefined> {
    return this.#connection.attempt(async () => {
      const record = await this.#views.record(tenant, id);
      if (!record) return undefined;
      if (!record.plan.webhook) throw webhookAbsent("a batch that was submitted with `webhook`");
      return record.event === undefined ? { state: "waiting", attempts: [] } : this.#events.attempts(record.event);
    });
  }

  /**
   * Announces a batch's end again; undefined when there is no such batch.
   * @throws ProblemError `webhook_absent`
   */
  resendWebhook(tenant: string, id: string): Promise<WebhookAttempts | undefined> {
    return this.#connection.attempt(async () => {
      const record = await this.#views.record(tenant, id);
      if (!record) return undefined;
      if (record.event === undefined)
        throw webhookAbsent("a batch that was submitted with `webhook` and that has ended");
      await this.#events.resend(record.event);
      return this.#events.attempts(record.event);
    });
  }

  async #submitOnce({ id: newId, plan, ...rest }: BatchMaterial, idempotency: Idempotency): Promise<BatchSubmission> {
    const { key, bodyHash } = idempotency;
    // A key holds no line break: it names no job's record.
    const digest = idempotencyDigest(plan.tenant, `batch\n${key}`);
    const mayExist = isBatchId(key);
    const { value, created } = await this.#idempotency.once({
      tenant: plan.tenant,
      digest,
      maxKeptBytes: rest.quotas.maxKeptBytes,
      bodyHash,
      lost: "batch_not_found",
      newId: mayExist ? key : newId,
      mayExist,
      find: (id) => this.#views.of(plan.tenant, id),
      recall: (shape) => shape as Batch,
      make: (id) => this.#create({ id, plan: { ...plan, idempotency: digest }, ...rest }),
    });
    return { batch: value, created };
  }

  async #create(material: BatchMaterial): Promise<Batch> {
    await createBatch(this.#connection.client, this.#keys, material);
    const batch = await this.#views.of(material.plan.tenant, material.id);
    // Another tenant's has the id that this one came with.
    if (!batch) throw new ProblemError("idempotency_conflict");
    return batch;
  }
}

function isBatchId(text: string): boolean {
  return /^b[0-9a-f]{32}$/.test(text);
}
