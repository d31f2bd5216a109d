import type { RedisSettings } from "@facefleet/platform";

/** What a waiting worker is told in its first argument, as JSON. */
export interface WaitingWorkerSettings {
  readonly redis: RedisSettings;
  /** The folder of the service's own objects. */
  readonly objectsDir: string;
  /** Jobs in one run of the stand-in. */
  readonly batchSize: number;
  /** How long each run waits, in milliseconds. */
  readonly batchMs: number;
}

/** To a waiting worker: take jobs from now on; say how many have ended. */
export type WorkerRequest = "start" | "count";

/** From it: it can start; how many have ended. */
export type WorkerReply = "ready" | number;
