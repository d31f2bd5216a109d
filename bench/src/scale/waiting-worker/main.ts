import { setTimeout as sleep } from "node:timers/promises";
import type { JobResult } from "@facefleet/contracts";
import { DynamicBatcher } from "@facefleet/core";
import { createLogger, FaceJobConsumer, FleetRedis, FolderObjectStore, itemEnds } from "@facefleet/platform";
import { detectResult } from "./detect-result.js";
import type { WaitingWorkerSettings, WorkerReply, WorkerRequest } from "./protocol.js";

/* A worker without images and networks: the consumer and the batcher of the real one, and an engine that only waits. */

const settings = JSON.parse(process.argv[2] ?? "") as WaitingWorkerSettings;
const { redis, objectsDir, batchSize, batchMs } = settings;
let ended = 0;

const batcher = new DynamicBatcher<string, JobResult>({
  run: async (ids) => {
    await sleep(batchMs);
    return ids.map(() => detectResult);
  },
  maxBatchSize: batchSize,
  maxQueueDelayMs: 0,
});

const logger = createLogger({ name: "waiting-worker", level: "warn", format: "json" });
const consumer = new FaceJobConsumer(new FleetRedis(redis, { logger }), {
  items: itemEnds,
  logger,
  store: new FolderObjectStore(objectsDir),
  // As the real worker's, by default.
  concurrency: 2 * batchSize,
  run: async (job, signal) => {
    job.reportStage("fetch");
    job.reportStage("analyse");
    const [result] = await batcher.submit([job.id], { signal });
    return result!;
  },
  onEnd: async () => {
    ended++;
  },
});

process.on("message", (request: WorkerRequest) => {
  if (request === "start") void consumer.start();
  else reply(ended);
});
process.on("disconnect", () => void consumer.stop(1000).then(() => process.exit(0)));
reply("ready");

function reply(message: WorkerReply): void {
  process.send?.(message);
}
