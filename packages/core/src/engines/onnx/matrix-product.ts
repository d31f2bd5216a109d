import type { EngineOptions } from "../inference-engine.js";
import { encodeModel } from "./onnx-proto.js";
import { InferenceSession, Tensor } from "./onnx-runtime.js";

/** The product of two square float32 matrices by ONNX Runtime on the CPU: what this machine can do at best. */
export class MatrixProduct {
  private constructor(
    private readonly session: InferenceSession,
    private readonly matrix: Tensor,
    /** Multiplications and additions of one run. */
    readonly operations: number,
  ) {}

  static async open(side: number, { threads = 0 }: EngineOptions = {}): Promise<MatrixProduct> {
    const dims = [side, side];
    const graph = {
      name: "matrix-product",
      nodes: [{ opType: "MatMul", name: "product", input: ["a", "b"], output: ["product"], attribute: [] }],
      initializers: [],
      inputs: [
        { name: "a", dims },
        { name: "b", dims },
      ],
      outputs: [{ name: "product", dims }],
    };
    const session = await InferenceSession.create(encodeModel(graph, 17), { intraOpNumThreads: threads });
    const values = Float32Array.from({ length: side * side }, (_, i) => ((i * 7919) % 1000) / 1000);
    return new MatrixProduct(session, new Tensor("float32", values, dims), 2 * side ** 3);
  }

  async run(): Promise<void> {
    await this.session.run({ a: this.matrix, b: this.matrix });
  }

  close(): Promise<void> {
    return this.session.release();
  }
}
