import { expect, it, onTestFinished } from "vitest";
import { RedisServer } from "../../../../tests/support/redis-server.js";
import { createLogger } from "../../src/logging/index.js";
import { FinishedSignal } from "../../src/queue/jobs/ends/finished-signal.js";
import { FleetRedis } from "../../src/queue/redis/fleet-redis.js";
import { inSpan, startTracing } from "../../src/tracing/index.js";
import { silent } from "./queue-bench.js";

it("what becomes of the connection is no part of the trace in which it was first needed", async () => {
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_TRACES_SAMPLER: "always_on" } as const;
  const tracing = await startTracing(settings, { service: "test", logger: silent });
  const server = await RedisServer.start();
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ name: "test", level: "info", format: "json", destination });
  const redis = new FleetRedis({ REDIS_URL: server.url, QUEUE_PREFIX: "{traced}" }, { logger });
  const signal = new FinishedSignal(redis, "ended", logger);
  onTestFinished(async () => {
    await redis.close();
    await server.remove();
    await tracing?.stop().catch(() => undefined);
  });
  await inSpan("first wait", {}, async () => {
    await signal.open();
    logger.info("waiting");
  });
  await server.stop();
  await expect.poll(() => lines.length).toBe(2);
  expect(lines.map((line) => line.includes("trace_id"))).toEqual([true, false]);
});
