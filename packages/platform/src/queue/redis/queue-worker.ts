import { type Processor, Worker, type WorkerOptions } from "bullmq";
import { settlesWithin } from "../../lifecycle/index.js";
import type { Logger } from "../../logging/index.js";
import { unasked } from "./bullmq-redis.js";
import type { FleetRedis } from "./fleet-redis.js";
import { Taking } from "./taking.js";

/** How long what is held has, once told to let go, to do so. */
const letGoMs = 1000;

export interface QueueWorkerOptions<Payload> extends Pick<WorkerOptions, "telemetry"> {
  readonly logger: Logger;
  /** Its entry in the catalogue. */
  readonly queue: { readonly name: string; readonly lockDurationMs: number; readonly maxStalls: number };
  /** How long this worker may be silent before its jobs are given to another, in milliseconds; the catalogue's unless told. */
  readonly lockDurationMs?: number | undefined;
  /** How many jobs are held at once. */
  readonly concurrency: number;
  /** BullMQ passes the signal only to a function that declares three parameters. */
  readonly take: Processor<Payload, void>;
}

export interface Stopping {
  /** How long what is held has to end, in milliseconds. */
  readonly deadlineMs: number;
  /** Makes it let go, once that is over. */
  readonly letGo: () => void;
  /** What else is to have ended. */
  readonly alsoEnded?: () => Promise<unknown>;
}

/** A worker of BullMQ's, as every queue of the service has it: it takes nothing until told, and only what it can do. */
export class QueueWorker<Payload> {
  readonly bull: Worker<Payload, void>;
  readonly taking: Taking;
  readonly #logger: Logger;

  constructor(redis: FleetRedis, options: QueueWorkerOptions<Payload>) {
    const { logger, queue, lockDurationMs = queue.lockDurationMs, concurrency, take, telemetry } = options;
    this.#logger = logger;
    this.bull = new Worker<Payload, void>(queue.name, take, {
      connection: redis.work.client,
      prefix: redis.keys.prefix,
      ...unasked,
      autorun: false,
      concurrency,
      lockDuration: lockDurationMs,
      stalledInterval: lockDurationMs / 2,
      maxStalledCount: queue.maxStalls,
      runRetryDelay: 1000,
      ...(telemetry && { telemetry }),
    });
    this.taking = new Taking(this.bull, redis.work, logger);
  }

  /** Begins to take jobs, as soon as Redis can be reached. */
  start(): void {
    const { name } = this.bull;
    const stopped = (error: unknown) => this.#logger.error({ err: error, queue: name }, "Worker stopped taking jobs");
    this.bull.run().catch(stopped);
  }

  /** Takes no more jobs and waits for those it holds, which let go at the deadline. */
  async stop({ deadlineMs, letGo, alsoEnded }: Stopping): Promise<void> {
    this.taking.stop();
    const closed = this.bull.close().then(alsoEnded);
    if (await settlesWithin(closed, deadlineMs)) return;
    letGo();
    await settlesWithin(closed, letGoMs);
  }
}
