import { dirname } from "node:path";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { WeightsFile } from "../../models/index.js";
import type { Network } from "../../nets/index.js";
import type { EngineOptions, InferenceEngine, Session, Tensor } from "../inference-engine.js";
import { buildOnnxModel } from "./onnx-graph-builder.js";

/** ONNX Runtime on the CPU. Its Node.js binding runs on the calling thread: give it a process of its own. */
export class OnnxEngine implements InferenceEngine {
  readonly name = "onnx-cpu";
  readonly device = "cpu";

  constructor(private readonly options: EngineOptions = {}) {}

  async compile<Output extends string>(network: Network<Output>, weights: WeightsFile): Promise<Session<Output>> {
    const session = await InferenceSession.create(buildOnnxModel(network, weights), {
      executionProviders: ["cpu"],
      graphOptimizationLevel: "all",
      intraOpNumThreads: this.options.threads ?? 0,
      // Shapes change from run to run: a plan for one would be thrown away by the next.
      enableMemPattern: false,
      // The arena would keep the memory of the largest image ever seen.
      enableCpuMemArena: false,
      extra: {
        session: {
          model_external_initializers_file_folder_path: dirname(weights.path),
          // Threads that wait for work by spinning take it from the decoder's.
          intra_op: { allow_spinning: "0" },
        },
      },
    });
    return new OnnxSession(session, network.outputs);
  }

  isOutOfMemory(error: unknown): boolean {
    return error instanceof Error && /bad_alloc|Failed to allocate memory/i.test(error.message);
  }

  tensorCount(): undefined {
    return undefined;
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
