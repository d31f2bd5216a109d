import { Counter } from "prom-client";
import { type StoreOperation, storeOperations } from "../object-store/counted-object-store.js";
import { onRedisError, redisErrorKinds } from "../queue/redis/redis-errors.js";
import type { Metrics } from "./metrics.js";

/** Counts what goes wrong between this process and what it depends on. */
export class DependencyErrors {
  readonly #store;
  readonly #stopListening: () => void;

  /** Begins to count the errors of every Redis connection of the process. */
  constructor({ registry }: Metrics) {
    const registers = [registry];
    const redis = new Counter({
      name: "facefleet_redis_errors_total",
      help: "Connections to Redis that failed, and commands that were lost with one (connection), got no answer in time (timeout) or an error for one (refused)",
      labelNames: ["kind"],
      registers,
    });
    this.#store = new Counter({
      name: "facefleet_store_errors_total",
      help: "Operations that the object store could not do; an object that is not there is no error",
      labelNames: ["operation"],
      registers,
    });
    for (const kind of redisErrorKinds) redis.inc({ kind }, 0);
    for (const operation of storeOperations) this.#store.inc({ operation }, 0);
    this.#stopListening = onRedisError((kind) => redis.inc({ kind }));
  }

  storeFailed(operation: StoreOperation): void {
    this.#store.inc({ operation });
  }

  close(): void {
    this.#stopListening();
  }
}
