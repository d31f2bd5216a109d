import { dirname } from "node:path";
import type { WeightsFile } from "../../models/index.js";
import type { Network } from "../../nets/index.js";
import type { EngineName, EngineOptions, InferenceEngine, Session, Tensor } from "../inference-engine.js";
import { checkDevice, requireCudaProvider } from "./onnx-device.js";
import { buildOnnxModel, type WeightsSource } from "./onnx-graph-builder.js";
import { InferenceSession, Tensor as OrtTensor } from "./onnx-runtime.js";

export type OnnxEngineName = Extract<EngineName, `onnx-${string}`>;

const providers = { "onnx-cpu": "cpu", "onnx-cuda": "cuda", "onnx-webgpu": "webgpu" } as const;

/** ONNX Runtime. Its Node.js binding runs on the calling thread: give it a process of its own. */
export class OnnxEngine implements InferenceEngine {
  readonly device: "cpu" | "cuda" | "webgpu";

  private constructor(
    readonly name: OnnxEngineName,
    private readonly options: EngineOptions,
  ) {
    this.device = providers[name];
  }

  /** Rejects when the engine's device does not compute, which only a run on it can tell. */
  static async start(name: OnnxEngineName, options: EngineOptions = {}): Promise<OnnxEngine> {
    const engine = new OnnxEngine(name, options);
    if (name === "onnx-cuda") requireCudaProvider();
    if (name !== "onnx-cpu") await checkDevice(name, (network, weights) => engine.open(network, weights));
    return engine;
  }

  compile<Output extends string>(network: Network<Output>, weights: WeightsFile): Promise<Session<Output>> {
    return this.open(network, weights);
  }

  isOutOfMemory(error: unknown): boolean {
    return (
      error instanceof Error && /bad_alloc|Failed to allocate memory|out of memory|ALLOC_FAILED/i.test(error.message)
    );
  }

  tensorCount(): undefined {
    return undefined;
  }

  tensorBytes(): undefined {
    return undefined;
  }

  private async open<Output extends string>(
    network: Network<Output>,
    weights: WeightsSource,
  ): Promise<Session<Output>> {
    const preluAsConvolutions = this.device === "cpu" && !this.options.asWritten;
    const session = await InferenceSession.create(buildOnnxModel(network, weights, { preluAsConvolutions }), {
      executionProviders: [this.device],
      graphOptimizationLevel: "all",
      intraOpNumThreads: this.options.threads ?? 0,
      // Shapes change from run to run: a plan for one would be thrown away by the next.
      enableMemPattern: false,
      // It keeps the memory of the largest run, which every stage bounds; the allocator of the system would grow beyond.
      enableCpuMemArena: true,
      extra: {
        session: {
          model_external_initializers_file_folder_path: dirname(weights.path),
          // What a GPU provider cannot do would quietly go to the CPU; with this, creating the session fails.
          disable_cpu_ep_fallback: this.device === "cpu" ? "0" : "1",
          // Threads that wait for work by spinning take it from the decoder's.
          intra_op: { allow_spinning: "0" },
        },
      },
    });
    return new OnnxSession(session, network.outputs);
  }
}

class OnnxSession<Output extends string> implements Session<Output> {
  constructor(
    private readonly session: InferenceSession,
    private readonly outputs: readonly Output[],
  ) {}

  async run({ data, shape }: Tensor): Promise<Record<Output, Tensor>> {
    const results = await this.session.run({ input: new OrtTensor("float32", data, shape) });
    const entries = this.outputs.map((name) => {
      const { data, dims } = results[name] as OrtTensor;
      return [name, { data, shape: dims }] as const;
    });
    return Object.fromEntries(entries) as unknown as Record<Output, Tensor>;
  }

  close(): Promise<void> {
    return this.session.release();
  }
}
