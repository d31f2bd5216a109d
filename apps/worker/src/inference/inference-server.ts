import { monitorEventLoopDelay } from "node:perf_hooks";
import { asProblemError } from "@facefleet/contracts";
import { createEngineThread, FacePipeline, type FoundBy, finders, type InferenceEngine } from "@facefleet/core";
import { loadPack } from "@facefleet/core/models";
import type { Logger } from "@facefleet/platform/logging";
import { LentMemory } from "./lent-memory.js";
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
  readonly #eventLoopDelay = monitorEventLoopDelay();

  private constructor(
    readonly info: InferenceInfo,
    private readonly engine: InferenceEngine,
    private readonly pipeline: FacePipeline,
    private readonly memory: LentMemory,
    private readonly reply: (reply: InferenceReply) => void,
    private readonly logger: Logger,
  ) {
    this.#eventLoopDelay.enable();
  }

  /** Loads the pack and the engine, and resolves after a real inference. */
  static async start(
    settings: InferenceSettings,
    reply: (reply: InferenceReply) => void,
    logger: Logger,
  ): Promise<InferenceServer> {
    const pack = await loadPack(settings.modelsDir, settings.pack);
    const { engine, reason } = await createEngineThread(settings.engine, settings);
    const memory = new LentMemory(reply);
    const pipeline = await FacePipeline.create({
      pack,
      engine,
      memory,
      limits: settings.limits,
      onBatch: (report) => reply({ type: "batch", report }),
      onOutOfMemorySplit: (stage) => reply({ type: "outOfMemorySplit", stage }),
    });
    await pipeline.warmUp();
    const { name, device } = engine;
    const modelsOf = (foundBy: FoundBy) => ({
      standard: pipeline.modelOf("standard", foundBy),
      high: pipeline.modelOf("high", foundBy),
    });
    const models = Object.fromEntries(finders.map((finder) => [finder, modelsOf(finder)])) as InferenceInfo["models"];
    const { arithmetic, refusals } = pipeline.embeddedBy;
    const rssBytes = process.memoryUsage.rss();
    const info = { engine: name, device, reason, arithmetic, refusals, models, rssBytes };
    return new InferenceServer(info, engine, pipeline, memory, reply, logger);
  }

  vitals(): InferenceVitals {
    const { rss, heapUsed } = process.memoryUsage();
    const resources = process.getActiveResourcesInfo().length;
    const [tensors, tensorBytes] = [this.engine.tensorCount(), this.engine.tensorBytes()];
    const eventLoopDelayMs = this.#eventLoopDelay.percentile(99) / 1e6;
    this.#eventLoopDelay.reset();
    return {
      rssBytes: rss,
      heapBytes: heapUsed,
      resources,
      ...(tensors !== undefined && { tensors }),
      ...(tensorBytes !== undefined && { tensorBytes }),
      eventLoopDelayMs,
    };
  }

  receive(request: InferenceRequest): void {
    if (request.type === "analyse") void this.#analyse(request);
    else if (request.type === "cancel") this.#running.get(request.id)?.abort();
    else if (request.type === "memoryLent") this.memory.lent(request.id);
  }

  async #analyse({ id, bytes, options, urgent, flow }: AnalyseRequest): Promise<void> {
    const abort = new AbortController();
    this.#running.set(id, abort);
    try {
      const call = { signal: abort.signal, urgent, flow, onDecoded: () => this.reply({ type: "decoded", id }) };
      const analysis = await this.pipeline.analyse(bytes, options, call);
      if (!abort.signal.aborted) this.reply({ type: "analysed", id, analysis });
    } catch (error) {
      if (!abort.signal.aborted) this.#fail(id, error);
    } finally {
      this.#running.delete(id);
      if (abort.signal.aborted) this.reply({ type: "letGo", id });
    }
  }

  #fail(id: number, error: unknown): void {
    const problem = asProblemError(error, "inference_failed");
    if (problem.code === "inference_failed") this.logger.error({ err: error }, "inference failed");
    const { cause } = problem;
    this.reply({
      type: "failed",
      id,
      problem: problem.toProblem(),
      ...(cause instanceof Error && { reason: cause.message }),
    });
  }
}
