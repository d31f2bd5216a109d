import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import {
  Batches,
  ConfigError,
  createLogger,
  createMetrics,
  createObjectStore,
  DependencyErrors,
  EgressGuard,
  expectUsableRedis,
  FaceJobs,
  FleetObserver,
  FleetRedis,
  itemEnds,
  jobEndCounter,
  Lifecycle,
  type Logger,
  logNotices,
  OwnObjects,
  RedisFault,
  RedisRoom,
  startTracing,
  TurnDestination,
  UploadRegistry,
  WebhookSecrets,
  warningLines,
} from "@facefleet/platform";
import { buildApp } from "./app.js";
import { type ApiConfig, loadApiConfig } from "./config.js";
import { openAccess } from "./tenancy/access.js";

/**
 * V8 makes objects right among the old ones when others from the same place have lived long. Of what a request makes
 * hardly anything does, but one such guess, made while the process is new, keeps whole requests from being collected
 * cheaply: measured, in every other process, at a third of its time for as long as it ran.
 */
setFlagsFromString("--no-allocation-site-pretenuring");

async function main(): Promise<void> {
  const config = readConfig();
  const lines = new TurnDestination();
  process.once("exit", () => lines.flush());
  const { LOG_LEVEL: level, LOG_FORMAT: format } = config;
  const logger = createLogger({ name: "api", level, format, destination: lines });
  process.removeAllListeners("warning").on("warning", warningLines(logger));
  const lifecycle = new Lifecycle({ logger, deadlineMs: config.SHUTDOWN_DEADLINE * 1000 });
  listenForStop(lifecycle, logger);
  try {
    await serve(config, logger, lifecycle);
  } catch (error) {
    if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
    else if (error instanceof RedisFault) logger.fatal(`The API cannot start. ${error.message}`);
    else logger.fatal({ err: error }, "the API could not start");
    await lifecycle.stop("failed to start");
    process.exit(1);
  }
}

async function serve(config: ApiConfig, logger: Logger, lifecycle: Lifecycle): Promise<void> {
  const tracing = await startTracing(config, { service: "facefleet-api", logger });
  lifecycle.onStop("tracing", () => tracing?.stop());
  const metrics = createMetrics();
  const dependencyErrors = new DependencyErrors(metrics);
  const redis = new FleetRedis(config, { logger });
  lifecycle.onStop("Redis", () => redis.close());
  const access = await openAccess(config, { redis, logger });
  lifecycle.onStop("access", () => access?.close());
  const store = createObjectStore(config, { failed: (operation) => dependencyErrors.storeFailed(operation) });
  lifecycle.onStop("object store", () => store.close());
  const room = new RedisRoom(redis);
  lifecycle.onStop("room in Redis", () => room.stop());
  const onOutcome = jobEndCounter(metrics, ["canceled"]);
  const jobs = new FaceJobs(redis, { logger, store, room, items: itemEnds, onOutcome });
  await expectUsableRedis(jobs.redis, logger);
  await room.start();
  const batches = new Batches(redis, { logger, store, room });
  const uploads = new UploadRegistry(redis);
  const own = new OwnObjects(store, () => uploads.secret());
  const webhookSecrets = new WebhookSecrets(redis);
  const observer = new FleetObserver(redis);
  const egress = new EgressGuard({ allow: config.EGRESS_ALLOW });
  const stopping = new AbortController();
  const parts = {
    config,
    logger,
    jobs,
    batches,
    store,
    own,
    uploads,
    webhookSecrets,
    egress,
    observer,
    metrics,
    access,
  };
  const app = await buildApp(parts, stopping.signal);
  lifecycle.onStop("http", () => app.close());
  await app.listen({ host: config.HOST, port: config.PORT });
  void logNotices(store, logger);
  lifecycle.onStop("readiness", () => {
    stopping.abort();
    return sleep(config.SHUTDOWN_DELAY * 1000);
  });
}

function readConfig(): ApiConfig {
  try {
    return loadApiConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** The first signal stops gracefully, the second at once. A parent that dies counts as a signal. */
function listenForStop(lifecycle: Lifecycle, logger: Logger): void {
  let stopping = false;
  const stop = async (reason: string) => {
    if (stopping) process.exit(1);
    stopping = true;
    process.exit((await lifecycle.stop(reason)) ? 0 : 1);
  };
  for (const reason of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(reason, () => void stop(reason));
  process.on("disconnect", () => void stop("the parent process ended"));
  process.on("unhandledRejection", (error) => {
    logger.fatal({ err: error }, "unhandled rejection");
    void stop("unhandled rejection");
  });
}

await main();
