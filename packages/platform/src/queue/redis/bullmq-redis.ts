import { RedisConnection } from "bullmq";

/**
 * The oldest Redis that this service works with, which BullMQ is told instead of asking: it would ask on each of its
 * connections, once, so that one lost just then never works; and say on standard output, as plain text, what it thinks of
 * the answer. `checkRedis` and the fleet's metrics say it.
 */
RedisConnection.minimumVersion = "6.2.0";

/** For every queue and worker of BullMQ's. */
export const unasked = { skipVersionCheck: true } as const;
