import { randomBytes } from "node:crypto";
import { type Logger, type RedisSettings, WorkerRegistry } from "@facefleet/platform";
import type { InferenceInfo } from "./inference/protocol.js";

/** Lists this worker among the ready ones for as long as its engine is warm. */
export class Presence {
  readonly #id = `w${randomBytes(8).toString("hex")}`;
  readonly #startedAt = new Date().toISOString();
  #registry: WorkerRegistry | undefined;

  constructor(
    private readonly settings: RedisSettings,
    private readonly logger: Logger,
  ) {}

  async announce({ engine, device, models }: InferenceInfo): Promise<void> {
    this.#registry = new WorkerRegistry(this.settings, { logger: this.logger });
    await this.#registry.announce({ id: this.#id, engine, device, model: models.standard, startedAt: this.#startedAt });
  }

  async retire(): Promise<void> {
    const registry = this.#registry;
    this.#registry = undefined;
    await registry?.retire();
  }
}
