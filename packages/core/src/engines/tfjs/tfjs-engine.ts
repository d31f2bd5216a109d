import type * as Tfjs from "@tensorflow/tfjs-core";
import type { WeightsFile } from "../../models/index.js";
import type { Network } from "../../nets/index.js";
import type { EngineName } from "../engine-names.js";
import type { Arithmetic, InferenceEngine, Session, Tensor } from "../inference-engine.js";
import { IntegersInFloat } from "../integers-in-float.js";
import { QuantisedOps } from "../quantised-ops.js";
import { Scratch } from "../scratch.js";
import { type Maps, TfjsLayers } from "./tfjs-layers.js";

/**
 * TensorFlow.js on one of its backends, which has been started. Its runs block the thread that calls them, reads
 * included: give it one of its own.
 */
export class TfjsEngine implements InferenceEngine {
  readonly arithmetics: readonly Arithmetic[] = ["float32"];

  constructor(
    readonly name: EngineName,
    readonly device: string,
    private readonly tf: typeof Tfjs,
    private readonly backendName: string,
  ) {}

  async compile<Output extends string>(network: Network<Output>, weights: WeightsFile): Promise<Session<Output>> {
    return new TfjsSession(this.tf, network, weights, () => this.makeCurrent());
  }

  isOutOfMemory(error: unknown): boolean {
    return error instanceof Error && /OOM when allocating|Out of memory|ResourceExhausted/i.test(error.message);
  }

  tensorCount(): number {
    return this.tf.memory().numTensors;
  }

  tensorBytes(): number {
    return this.tf.memory().numBytes;
  }

  /**
   * All copies of TensorFlow.js in a process share one current backend: without this, an engine would compute
   * on the backend of the one that was started last. A started backend becomes current before the call returns.
   */
  private makeCurrent(): void {
    if (this.tf.getBackend() === this.backendName) return;
    void this.tf.setBackend(this.backendName);
    if (this.tf.getBackend() !== this.backendName) {
      throw new Error(`Expected TensorFlow.js to run on "${this.backendName}" but received "${this.tf.getBackend()}"`);
    }
  }
}

class TfjsSession<Output extends string> implements Session<Output> {
  private readonly scratch = new Scratch();
  private readonly weights = new Map<string, Tfjs.Tensor>();
  private readonly ops: QuantisedOps<Maps>;

  constructor(
    private readonly tf: typeof Tfjs,
    private readonly network: Network<Output>,
    file: WeightsFile,
    private readonly makeCurrent: () => void,
  ) {
    const layers = new TfjsLayers(tf, (name) => this.load(name, file));
    this.ops = new QuantisedOps(file, layers, new IntegersInFloat(file, layers));
  }

  input(length: number): Float32Array {
    return this.scratch.take(length);
  }

  async run({ data, shape }: Tensor): Promise<Record<Output, Tensor>> {
    const { tf, network } = this;
    this.makeCurrent();
    const maps = tf.tidy(() => this.build(tf.tensor4d(data, [...shape])));
    try {
      const entries = network.outputs.map(async (name) => {
        const { shape } = maps[name];
        return [name, { data: (await maps[name].data()) as Float32Array, shape }] as const;
      });
      return Object.fromEntries(await Promise.all(entries)) as unknown as Record<Output, Tensor>;
    } finally {
      tf.dispose(Object.values(maps) as Maps[]);
    }
  }

  async close(): Promise<void> {
    this.tf.dispose([...this.weights.values()]);
    this.weights.clear();
  }

  private build(input: Maps): Record<Output, Maps> {
    const results = this.network.build(this.ops, this.ops.input(input));
    const entries = this.network.outputs.map((name) => [name, this.ops.real(results[name])]);
    return Object.fromEntries(entries);
  }

  /** Weights are read when the first run meets them, and outlive the scope of that run. */
  private load(name: string, file: WeightsFile): Tfjs.Tensor {
    const known = this.weights.get(name);
    if (known) return known;
    const info = file.tensors.get(name);
    if (!info) throw new Error(`Expected tensor "${name}" in ${file.path} but there is none`);
    const tensor = this.tf.keep(this.tf.tidy(() => this.inOurLayout(file.read(name), info.shape)));
    this.weights.set(name, tensor);
    return tensor;
  }

  /** Kernels are stored OIHW; TensorFlow.js wants HWIO. */
  private inOurLayout(data: Float32Array, shape: readonly number[]): Tfjs.Tensor {
    const tensor = this.tf.tensor(data, [...shape]);
    return shape.length === 4 ? this.tf.transpose(tensor, [2, 3, 1, 0]) : tensor;
  }
}
