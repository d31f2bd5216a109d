import { randomBytes } from "node:crypto";
import type { WorkerLoad } from "@facefleet/contracts";
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
    private readonly load: () => WorkerLoad,
  ) {}

  async announce({ engine, device, arithmetic, models }: InferenceInfo): Promise<void> {
    this.#registry = new WorkerRegistry(this.settings, { logger: this.logger });
    const info = { id: this.#id, engine, device, arithmetic, model: models.mtcnn.standard, startedAt: this.#startedAt };
    await this.#registry.announce(info, this.load);
  }

  async retire(): Promise<void> {
    const registry = this.#registry;
    this.#registry = undefined;
    await registry?.retire();
  }
}
