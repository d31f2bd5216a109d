import type { FleetObservation, FleetObserver, Metrics } from "@facefleet/platform";
import { Gauge } from "prom-client";
import { within } from "./within.js";

const scrapeTimeoutMs = 1000;
/** All gauges of one scrape show the same moment. */
const momentMs = 500;

type Samples = readonly (readonly [labels: Record<string, string>, value: number])[];

interface FleetGauge {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  samples(fleet: FleetObservation): Samples;
}

const gauges: readonly FleetGauge[] = [
  {
    name: "facefleet_queue_jobs",
    help: "Jobs in the queue by state.",
    labelNames: ["state"],
    samples: ({ waiting, active, delayed }) => {
      const all = Object.values(waiting).reduce((sum, { jobs }) => sum + jobs, 0);
      return Object.entries({ waiting: all, active, delayed }).map(([state, jobs]) => [{ state }, jobs]);
    },
  },
  {
    name: "facefleet_queue_paused",
    help: "1 where somebody has paused the queue, so that no worker takes a job.",
    labelNames: [],
    samples: ({ paused }) => [[{}, Number(paused)]],
  },
  {
    name: "facefleet_queue_waiting_jobs",
    help: "Jobs that wait for a worker, by priority.",
    labelNames: ["priority"],
    samples: ({ waiting }) => Object.entries(waiting).map(([priority, { jobs }]) => [{ priority }, jobs]),
  },
  {
    name: "facefleet_queue_oldest_job_age_seconds",
    help: "How long ago the job was submitted that is next, by priority; 0 where none waits.",
    labelNames: ["priority"],
    samples: ({ waiting }) =>
      Object.entries(waiting).map(([priority, { oldestSeconds }]) => [{ priority }, oldestSeconds]),
  },
  {
    name: "facefleet_batches_live",
    help: "Batches that have not ended.",
    labelNames: [],
    samples: ({ batches }) => [[{}, batches]],
  },
  {
    name: "facefleet_tenant_jobs_live",
    help: "Jobs of each tenant that wait or are being done, without items of batches: what counts towards maxQueuedJobs.",
    labelNames: ["tenant"],
    samples: ({ tenants }) => tenants.map(({ tenant, jobs }) => [{ tenant }, jobs]),
  },
  {
    name: "facefleet_tenant_batches_live",
    help: "Batches of each tenant that have not ended.",
    labelNames: ["tenant"],
    samples: ({ tenants }) => tenants.map(({ tenant, batches }) => [{ tenant }, batches]),
  },
  {
    name: "facefleet_tenant_kept_bytes",
    help: "Memory of Redis that the jobs, results and batches of each tenant take: what counts towards maxKeptBytes.",
    labelNames: ["tenant"],
    samples: ({ tenants }) => tenants.map(({ tenant, keptBytes }) => [{ tenant }, keptBytes]),
  },
  {
    name: "facefleet_tenant_stored_bytes",
    help: "Bytes of the object store that uploads and large results of each tenant take: what counts towards maxStoredBytes.",
    labelNames: ["tenant"],
    samples: ({ tenants }) => tenants.map(({ tenant, storedBytes }) => [{ tenant }, storedBytes]),
  },
  {
    name: "facefleet_tenant_uploads",
    help: "Uploads of each tenant that are not deleted: what counts towards maxUploads.",
    labelNames: ["tenant"],
    samples: ({ tenants }) => tenants.map(({ tenant, uploads }) => [{ tenant }, uploads]),
  },
  {
    name: "facefleet_webhooks_undelivered",
    help: "Events that are to be delivered, those that wait for their next attempt included.",
    labelNames: [],
    samples: ({ undelivered }) => [[{}, undelivered.events]],
  },
  {
    name: "facefleet_webhook_oldest_undelivered_age_seconds",
    help: "How long ago the first event happened that is still to be delivered; 0 when there is none.",
    labelNames: [],
    samples: ({ undelivered }) => [[{}, undelivered.oldestSeconds]],
  },
  {
    name: "facefleet_webhook_outbox_events",
    help: "Events that no deliverer has taken over yet.",
    labelNames: [],
    samples: ({ outbox }) => [[{}, outbox]],
  },
  {
    name: "facefleet_workers_ready",
    help: "Workers whose engine is warm and that have been heard of within 15 seconds.",
    labelNames: [],
    samples: ({ readyWorkers }) => [[{}, readyWorkers]],
  },
  {
    name: "facefleet_redis_memory_bytes",
    help: "Memory that Redis uses, and the most that it may use; the latter 0 where it has no limit.",
    labelNames: ["kind"],
    samples: ({ redisBytes }) => Object.entries(redisBytes).map(([kind, bytes]) => [{ kind }, bytes]),
  },
  {
    name: "facefleet_redis_may_evict",
    help: "1 where Redis throws away what it holds when it is full: its maxmemory-policy is not noeviction.",
    labelNames: [],
    samples: ({ mayEvict }) => [[{}, Number(mayEvict)]],
  },
];

/** Shows what is going on in the whole fleet, in one process of it; nothing while Redis cannot be reached. */
export function showFleet({ registry }: Metrics, observer: Pick<FleetObserver, "observe">): void {
  const observe = atMostEvery(momentMs, () => within(scrapeTimeoutMs, observer.observe()).catch(() => undefined));
  for (const { name, help, labelNames, samples } of gauges) {
    new Gauge({
      name,
      help: `${help} Shown by one API process.`,
      labelNames,
      registers: [registry],
      async collect() {
        const fleet = await observe();
        this.reset();
        // A gauge without labels begins at 0: what is not known is not shown.
        if (!fleet) return this.remove({});
        for (const [labels, value] of samples(fleet)) this.set(labels, value);
      },
    });
  }
}

function atMostEvery<T>(milliseconds: number, look: () => Promise<T>): () => Promise<T> {
  let latest: Promise<T> | undefined;
  let lookedAt = 0;
  return () => {
    if (!latest || Date.now() - lookedAt >= milliseconds) {
      lookedAt = Date.now();
      latest = look();
    }
    return latest;
  };
}
