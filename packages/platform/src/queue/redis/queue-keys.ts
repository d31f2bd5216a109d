import { createHash } from "node:crypto";

/**
 * The Redis keys that the service keeps beside BullMQ's own. With a prefix in braces they all fall into
 * BullMQ's hash slot, which Redis Cluster asks of keys that are used together.
 */
export class QueueKeys {
  /** Says the id of every job that ends. */
  readonly finishedChannel: string;
  /** Says the id of every job that is canceled: what workers need to hear, and little beside what ends. */
  readonly canceledChannel: string;
  readonly workers: string;
  /** Where each upload is that is known: see `uploads/upload-ownership.ts`. */
  readonly waitingUploads: string;
  readonly heldUploads: string;
  readonly doomedUploads: string;
  readonly uploadSecret: string;
  /** Sorted set of the results in the object store, by when they are to be deleted; those of live batches have no end. */
  readonly results: string;
  /** What each tenant has in Redis, and in the object store: see `ledger/ledger.ts`. */
  readonly kept: string;
  readonly keptBytes: string;
  readonly stored: string;
  readonly storedBytes: string;
  /** Hash: how many uploads each tenant has. */
  readonly uploadCounts: string;
  /** Sorted set of the uploads that whoever has their URL can still send, by until when. */
  readonly sendableUploads: string;
  /** List of the events that webhooks are to hear of, oldest first. */
  readonly outbox: string;
  /** Whose turn it is to relay what is in the outbox. */
  readonly relay: string;
  /** Sorted set of the events that are to be delivered, by when they happened. */
  readonly undelivered: string;
  /** Which process looks at what is going on in the whole fleet. */
  readonly observer: string;
  /** Set of the tenants that have ever had a job. */
  readonly tenants: string;
  /** Sorted set of the jobs and batches that have ended, as `memberOf` names them, by when they are forgotten. */
  readonly ended: string;
  /** Sorted set of the batches that have not ended, by when something is next to be done for each. */
  readonly batches: string;
  /** Sorted set of the batches whose results are in the object store, by when they expire. */
  readonly endedBatches: string;
  /** Whose turn it is to sweep. */
  readonly sweep: string;
  /** Hash: when somebody is next to look for objects that nobody knows, and from where on. */
  readonly orphanTurns: string;
  /** Written to see whether it can be. */
  readonly check: string;
  /** What the count of each tenant's requests in the current minute is kept under: `<this>:<tenant>`. */
  readonly requests: string;

  constructor(readonly prefix: string) {
    this.finishedChannel = `${prefix}:finished`;
    this.canceledChannel = `${prefix}:canceled`;
    this.workers = `${prefix}:workers`;
    this.waitingUploads = `${prefix}:uploads`;
    this.heldUploads = `${prefix}:held-uploads`;
    this.doomedUploads = `${prefix}:doomed-uploads`;
    this.results = `${prefix}:results`;
    this.kept = `${prefix}:kept`;
    this.keptBytes = `${prefix}:kept-bytes`;
    this.stored = `${prefix}:stored`;
    this.storedBytes = `${prefix}:stored-bytes`;
    this.uploadCounts = `${prefix}:upload-counts`;
    this.sendableUploads = `${prefix}:sendable-uploads`;
    this.uploadSecret = `${prefix}:upload-secret`;
    this.outbox = `${prefix}:outbox`;
    this.relay = `${prefix}:relay`;
    this.tenants = `${prefix}:tenants`;
    this.ended = `${prefix}:ended`;
    this.undelivered = `${prefix}:undelivered`;
    this.observer = `${prefix}:observer`;
    this.batches = `${prefix}:batches`;
    this.endedBatches = `${prefix}:ended-batches`;
    this.sweep = `${prefix}:sweep`;
    this.orphanTurns = `${prefix}:orphan-turns`;
    this.check = `${prefix}:check`;
    this.requests = `${prefix}:requests`;
  }

  /** Hash: whose job it was and how it ended. */
  outcome(jobId: string): string {
    return `${this.prefix}:outcome:${jobId}`;
  }

  /** What the keys of a tenant begin with. */
  tenant(tenant: string): string {
    return `${this.prefix}:tenant:${tenant}`;
  }

  /** Sorted set of the jobs that a tenant can list, by when they were created. */
  jobs(tenant: string): string {
    return `${this.tenant(tenant)}:jobs`;
  }

  /** Sorted set of a tenant's jobs that have not ended, by when they were created. */
  live(tenant: string): string {
    return `${this.tenant(tenant)}:live`;
  }

  /** The same for the items of a batch: they count towards no quota of their tenant's. */
  batchLive(batchId: string): string {
    return `${this.batch(batchId)}:live`;
  }

  liveOf({ tenant, batch }: Owner): string {
    return batch ? this.batchLive(batch.id) : this.live(tenant);
  }

  /** Sorted set of the batches that a tenant can list, by when they were created. */
  listedBatches(tenant: string): string {
    return `${this.tenant(tenant)}:listed-batches`;
  }

  /** Sorted set of a tenant's batches that have not ended, by when they were created. */
  liveBatches(tenant: string): string {
    return `${this.tenant(tenant)}:batches`;
  }

  /** The id of the job that has the result of a tenant's request. */
  knownResult(tenant: string, digest: string): string {
    return `${this.tenant(tenant)}:result:${digest}`;
  }

  /** Hash: how far the turns of each tenant reach among the jobs of a priority. */
  turns(priority: string): string {
    return `${this.prefix}:turns:${priority}`;
  }

  /** Hash: how many of a batch's items ended in each way, and what else is known of it. */
  batch(batchId: string): string {
    return `${this.prefix}:batch:${batchId}`;
  }

  /** List of the items of a batch that came with its request. */
  batchItems(batchId: string): string {
    return `${this.batch(batchId)}:items`;
  }

  /** Hash: how many items of a batch that have not ended name each upload. */
  batchUploads(batchId: string): string {
    return `${this.batch(batchId)}:uploads`;
  }

  /** Bitmap: which items of a batch have ended. */
  batchEnded(batchId: string): string {
    return `${this.batch(batchId)}:ended`;
  }

  /** Bitmap: which of them failed. */
  batchFailed(batchId: string): string {
    return `${this.batch(batchId)}:failed`;
  }

  /** Bitmap: which items of a batch are tried again, while it lives another time. */
  batchItemsAgain(batchId: string): string {
    return `${this.batch(batchId)}:items-again`;
  }

  /** Hash: where each part of a batch's results is that was stored again. */
  batchPartsAgain(batchId: string): string {
    return `${this.batch(batchId)}:parts-again`;
  }

  /** Hash: the result lines of a part of a batch's items, by index. */
  batchLines(batchId: string, part: number): string {
    return `${this.batch(batchId)}:lines:${part}`;
  }

  /** Hash: an event that left the outbox, and how far it has come. */
  event(eventId: string): string {
    return `${this.prefix}:event:${eventId}`;
  }

  /** List of the times that an event was sent. */
  eventAttempts(eventId: string): string {
    return `${this.event(eventId)}:attempts`;
  }

  /** There while nothing new is sent to a tenant's receiver. */
  disabledReceiver(tenant: string, url: string): string {
    return `${this.tenant(tenant)}:disabled:${createHash("sha256").update(url).digest("hex")}`;
  }

  /** Hash: what a tenant's events are signed with. */
  webhookSecrets(tenant: string): string {
    return `${this.tenant(tenant)}:webhook-secrets`;
  }

  worker(workerId: string): string {
    return `${this.prefix}:worker:${workerId}`;
  }

  idempotency(digest: string): string {
    return `${this.prefix}:idempotency:${digest}`;
  }
}

/** Whose a job is. */
export interface Owner {
  readonly tenant: string;
  readonly batch?: { readonly id: string } | undefined;
}

/** A job or a batch among those of all tenants. */
export function memberOf(tenant: string, id: string): string {
  return `${tenant}/${id}`;
}

/** Names the record of a tenant's idempotency key. */
export function idempotencyDigest(tenant: string, key: string): string {
  return createHash("sha256").update(`${tenant}\n${key}`).digest("hex");
}
