import { randomBytes } from "node:crypto";
import { usualDetector, type WorkerLoad } from "@facefleet/contracts";
import { type FleetRedis, type Logger, WorkerRegistry } from "@facefleet/platform";
import type { InferenceInfo } from "./inference/protocol.js";

/** Lists this worker among the ready ones for as long as its engine is warm. */
export class Presence {
  readonly #id = `w${randomBytes(8).toString("hex")}`;
  readonly #startedAt = new Date().toISOString();
  readonly #registry: WorkerRegistry;

  constructor(
    redis: FleetRedis,
    logger: Logger,
    private readonly load: () => WorkerLoad,
  ) {
    this.#registry = new WorkerRegistry(redis, { logger });
  }

  async announce({ engine, device, arithmetic, models }: InferenceInfo): Promise<void> {
    const info = {
      id: this.#id,
      engine,
      device,
      arithmetic,
      model: models[usualDetector].standard,
      startedAt: this.#startedAt,
    };
    await this.#registry.announce(info, this.load);
  }

  retire(): Promise<void> {
    return this.#registry.retire();
  }
}
