import {
  type BatchRecord,
  BatchSteps,
  type FaceJobs,
  type FleetRedis,
  type Logger,
  type ObjectStore,
  type OwnObjects,
  type Room,
  type StoredResults,
  type UploadRegistry,
} from "@facefleet/platform";
import type { UploadCleanup } from "../jobs/upload-cleanup.js";
import type { WorkerMetrics } from "../metrics.js";
import type { StoreWatch } from "../store-watch.js";
import { BatchCleanup } from "./batch-cleanup.js";
import { BatchResults } from "./batch-results.js";
import { BatchRunner } from "./batch-runner.js";
import { BatchStepper } from "./batch-stepper.js";
import { BatchSource } from "./sources/batch-source.js";
import { FailedItems } from "./sources/failed-items.js";

export interface BatchWorkerParts {
  readonly store: ObjectStore;
  readonly own: OwnObjects;
  readonly jobs: FaceJobs;
  readonly uploads: UploadRegistry;
  readonly results: StoredResults;
  readonly room: Room;
  readonly cleanup: UploadCleanup;
  readonly storeWatch: Pick<StoreWatch, "isAway" | "isOut">;
  readonly metrics: WorkerMetrics;
  readonly logger: Logger;
}

/** All that a worker does for batches. Their items are jobs like others. */
export class BatchWorker {
  readonly #runner: BatchRunner;
  readonly #cleanup: BatchCleanup;

  constructor(redis: FleetRedis, parts: BatchWorkerParts) {
    const { store, own, jobs, uploads, results, room, cleanup, storeWatch, metrics, logger } = parts;
    const steps = new BatchSteps(redis);
    const source = new BatchSource({ store, own, steps, uploads });
    const batchResults = new BatchResults({ store, own, steps, results });
    const stepper = new BatchStepper({
      steps,
      source,
      failedItems: new FailedItems({ steps, results: batchResults, source }),
      results: batchResults,
      jobs,
      room,
      onReleased: (ids) => cleanup.released(ids),
      onQueued: ({ tenant, task, priority }, jobs) => metrics.submitted({ tenant, task, priority, jobs }),
      onEnd: (record) => {
        metrics.batchEnded(record.stopping ?? "finished");
        logger.info(endLine(record), "batch ended");
      },
    });
    this.#runner = new BatchRunner({ steps, stepper, storeWatch, logger });
    this.#cleanup = new BatchCleanup(steps, own, logger);
  }

  start(): void {
    this.#runner.start();
    this.#cleanup.start();
  }

  async stop(): Promise<void> {
    await Promise.all([this.#runner.stop(), this.#cleanup.stop()]);
  }
}

function endLine({ id, plan, stopping, error, total, succeeded, failed, createdAt }: BatchRecord) {
  return {
    batchId: id,
    tenant: plan.tenant,
    requestId: plan.requestId,
    state: stopping ?? "finished",
    ...(error && { code: error.code }),
    total,
    succeeded,
    failed,
    seconds: Math.round((Date.now() - createdAt) / 1000),
  };
}
