import { asProblemError } from "@facefleet/contracts";
import { createEngine, FacePipeline, type InferenceEngine } from "@facefleet/core";
import { loadPack } from "@facefleet/core/models";
import type { Logger } from "@facefleet/platform/logging";
import type {
  InferenceInfo,
  InferenceReply,
  InferenceRequest,
  InferenceSettings,
  InferenceVitals,
} from "./protocol.js";

type AnalyseRequest = Extract<InferenceRequest, { type: "analyse" }>;

/** The inference process's side of the protocol: one pipeline, many analyses at once. */
export class InferenceServer {
  readonly #running = new Map<number, AbortController>();

  private constructor(
    readonly info: InferenceInfo,
    private readonly engine: InferenceEngine,
    private readonly pipeline: FacePipeline,
    private readonly reply: (reply: InferenceReply) => void,
    private readonly logger: Logger,
  ) {}

  /** Loads the pack and the engine, and resolves after a real inference. */
  static async start(
    settings: InferenceSettings,
    reply: (reply: InferenceReply) => void,
    logger: Logger,
  ): Promise<InferenceServer> {
    const pack = await loadPack(settings.modelsDir);
    const { engine, reason } = await createEngine(settings.engine, settings);
    const pipeline = await FacePipeline.create({
      pack,
      engine,
      limits: settings.limits,
      onBatch: (report) => reply({ type: "batch", report }),
    });
    await pipeline.warmUp();
    const { name, device } = engine;
    const models = { standard: pipeline.model, high: pipeline.modelOf("high") };
    const info = { engine: name, device, reason, models, rssBytes: process.memoryUsage.rss() };
    return new InferenceServer(info, engine, pipeline, reply, logger);
  }

  vitals(): InferenceVitals {
    const { rss, heapUsed } = process.memoryUsage();
    const resources = process.getActiveResourcesInfo().length;
    const tensors = this.engine.tensorCount();
    return { rssBytes: rss, heapBytes: heapUsed, resources, ...(tensors !== undefined && { tensors }) };
  }

  receive(request: InferenceRequest): void {
    if (request.type === "analyse") void this.#analyse(request);
    else if (request.type === "cancel") this.#running.get(request.id)?.abort();
  }

  async #analyse({ id, bytes, options, urgent }: AnalyseRequest): Promise<void> {
    const abort = new AbortController();
    this.#running.set(id, abort);
    try {
      const analysis = await this.pipeline.analyse(bytes, options, { signal: abort.signal, urgent });
      if (!abort.signal.aborted) this.reply({ type: "analysed", id, analysis });
    } catch (error) {
      if (!abort.signal.aborted) this.#fail(id, error);
    } finally {
      this.#running.delete(id);
    }
  }

  #fail(id: number, error: unknown): void {
    const problem = asProblemError(error, "inference_failed");
    if (problem.code === "inference_failed") this.logger.error({ err: error }, "inference failed");
    this.reply({ type: "failed", id, problem: problem.toProblem() });
  }
}
