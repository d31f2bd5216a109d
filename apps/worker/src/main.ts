import { createLogger, warningLines } from "@facefleet/platform";
import { startWorker } from "./app.js";
import { loadWorkerConfig, type WorkerConfig } from "./config.js";

const config = readConfig();
const logger = createLogger({ name: "worker", level: config.LOG_LEVEL, format: config.LOG_FORMAT });
process.removeAllListeners("warning").on("warning", warningLines(logger));
const worker = await startWorker(config, logger).catch(fail);
let stopping = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => (stopping ? process.exit(1) : void stop(signal)));
}
// The channel to whoever started this process, if there is one, closes when that process dies.
process.on("disconnect", () => stopping || void stop("the parent process ended"));
worker.ready.catch((error: unknown) => stopping || fail(error));

async function stop(reason: string): Promise<never> {
  stopping = true;
  process.exit((await worker.stop(reason)) ? 0 : 1);
}

function readConfig(): WorkerConfig {
  try {
    return loadWorkerConfig();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(2);
  }
}

function fail(error: unknown): never {
  logger.debug({ err: error }, "the worker cannot start");
  logger.fatal(`The worker cannot start. ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
