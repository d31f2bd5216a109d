import { dirname } from "node:path";
import type { WeightsFile } from "../../models/index.js";
import type { Network } from "../../nets/index.js";
import type { EngineName } from "../engine-names.js";
import type { Arithmetic, EngineOptions, InferenceEngine, Session, Tensor } from "../inference-engine.js";
import { Scratch } from "../scratch.js";
import { checkDevice, requireCudaProvider } from "./onnx-device.js";
import { buildOnnxModel, type WeightsSource } from "./onnx-graph-builder.js";
import { InferenceSession, Tensor as OrtTensor } from "./onnx-runtime.js";

export type OnnxEngineName = Extract<EngineName, `onnx-${string}`>;

const providers = { "onnx-cpu": "cpu", "onnx-cuda": "cuda", "onnx-webgpu": "webgpu" } as const;

/** ONNX Runtime. Its Node.js binding computes on the thread that calls it: give it one of its own. */
export class OnnxEngine implements InferenceEngine {
  readonly device: "cpu" | "cuda" | "webgpu";
  readonly arithmetics: readonly Arithmetic[];

  private constructor(
    readonly name: OnnxEngineName,
    private readonly options: EngineOptions,
  ) {
    this.device = providers[name];
    this.arithmetics = this.device === "cpu" ? ["int8", "int8-widened", "float32"] : ["float32"];
  }

  /** Rejects when the engine's device does not compute, which only a run on it can tell. */
  static async start(name: OnnxEngineName, options: EngineOptions = {}): Promise<OnnxEngine> {
    const engine = new OnnxEngine(name, options);
    if (name === "onnx-cuda") requireCudaProvider();
    if (name !== "onnx-cpu") await checkDevice(name, (network, weights) => engine.open(network, weights));
    return engine;
  }

  compile<Output extends string>(
    network: Network<Output>,
    weights: WeightsFile,
    arithmetic?: Arithmetic,
  ): Promise<Session<Output>> {
    return this.open(network, weights, arithmetic);
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
    arithmetic: Arithmetic = "float32",
  ): Promise<Session<Output>> {
    const preluAsConvolutions = this.device === "cpu" && !this.options.asWritten;
    const model = buildOnnxModel(network, weights, { preluAsConvolutions, arithmetic });
    const session = await InferenceSession.create(model, {
      executionProviders: [this.device],
      graphOptimizationLevel: "all",
      intraOpNumThreads: this.options.threads ?? 0,
      // Shapes change from run to run: a plan for one would be thrown away by the next.
      enableMemPattern: false,
      // It keeps the memory of the largest run, which every stage bounds; the allocator of the system would grow beyond.
      enableCpuMemArena: true,
      extra: {
        // It would multiply whole-numbered kernels by the factors that are meant for their exact sums.
        optimization: { disable_specified_optimizers: "ConvMulFusion" },
        session: {
          // Kernels of u8 and s8 add two products in 16 bits where the processor has no VNNI: too few.
          x64quantprecision: arithmetic === "int8-widened" ? "1" : "0",
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
  private readonly scratch = new Scratch();

  constructor(
    private readonly session: InferenceSession,
    private readonly outputs: readonly Output[],
  ) {}

  input(length: number): Float32Array {
    return this.scratch.take(length);
  }

  async run({ data, shape }: Tensor): Promise<Record<Output, Tensor>> {
    const results = await this.session.run({ input: new OrtTensor("float32", this.ownMemory(data), shape) });
    const entries = this.outputs.map((name) => {
      const { data, dims } = results[name] as OrtTensor;
      return [name, { data, shape: dims }] as const;
    });
    return Object.fromEntries(entries) as unknown as Record<Output, Tensor>;
  }

  close(): Promise<void> {
    return this.session.release();
  }

  /** The binding takes none that threads share. */
  private ownMemory(data: Float32Array): Float32Array {
    if (!(data.buffer instanceof SharedArrayBuffer)) return data;
    const own = this.input(data.length);
    own.set(data);
    return own;
  }
}
