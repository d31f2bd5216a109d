import { Queue, RedisConnection } from "bullmq";
import type { FleetRedis } from "./fleet-redis.js";

/**
 * The oldest Redis that this service works with, which BullMQ is told instead of asking: it would ask on each of its
 * connections, once, so that one lost just then never works; and say on standard output, as plain text, what it thinks of
 * the answer. `checkRedis` and the fleet's metrics say it.
 */
RedisConnection.minimumVersion = "6.2.0";

/** For every queue and worker of BullMQ's. */
export const unasked = { skipVersionCheck: true } as const;

/** @param mostEvents what of its stream of events is kept */
export function openQueue<Payload>(name: string, redis: FleetRedis, mostEvents: number): Queue<Payload, void, string> {
  const queue: Queue<Payload, void, string> = new Queue(name, {
    connection: redis.commands.client,
    prefix: redis.keys.prefix,
    ...unasked,
    streams: { events: { maxLen: mostEvents } },
  });
  // The connection logs its own losses; without a listener they would end the process.
  queue.on("error", () => undefined);
  return queue;
}
