import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Network } from "../../nets/index.js";
import type { Session } from "../inference-engine.js";
import type { WeightsLocation } from "./onnx-graph-builder.js";

/** One layer without weights. */
const probe: Network<"thirds"> = {
  name: "device-probe",
  inputSize: 1,
  outputs: ["thirds"],
  build: (ops, input) => ({ thirds: ops.softmax(input) }),
};
const noWeights: WeightsLocation = { path: "none", tensors: new Map() };

type OpenSession = (network: typeof probe, weights: WeightsLocation) => Promise<Session<"thirds">>;

/** Runs one layer on a device. Rejects with one sentence when that fails or the numbers are wrong. */
export async function checkDevice(engine: string, open: OpenSession): Promise<void> {
  const numbers = await runProbe(open).catch((cause: Error) => {
    const [reason] = cause.message.split("\n");
    throw new Error(`Expected a device for engine ${engine} but ONNX Runtime cannot use one: ${reason}`, { cause });
  });
  if (numbers.every((value) => Math.abs(value - 1 / 3) < 1e-6)) return;
  throw new Error(`Expected thirds from the device of engine ${engine} but received ${numbers.join(", ")}`);
}

async function runProbe(open: OpenSession): Promise<number[]> {
  const session = await open(probe, noWeights);
  try {
    const { thirds } = await session.run({ data: new Float32Array(3), shape: [1, 1, 1, 3] });
    return [...thirds.data];
  } finally {
    await session.close();
  }
}

/**
 * The CUDA provider is no part of the npm package: its install script fetches it, which is never run by default.
 * Asking ONNX Runtime for it when it is missing would write an error to the log at every start of `auto`.
 */
export function requireCudaProvider(): void {
  const home = dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json"));
  const file = join("bin", "napi-v6", process.platform, process.arch, "libonnxruntime_providers_cuda.so");
  if (existsSync(join(home, file))) return;
  throw new Error(
    `Expected ONNX Runtime's CUDA provider for engine onnx-cuda but onnxruntime-node has no ${file}: run its install script with ONNXRUNTIME_NODE_INSTALL=cuda12`,
  );
}
