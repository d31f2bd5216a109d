import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Network } from "../../nets/index.js";
import type { Session } from "../inference-engine.js";
import type { WeightsSource } from "./onnx-graph-builder.js";

/** One layer without weights. */
const probe: Network<"positive"> = {
  name: "device-probe",
  inputSize: 1,
  outputs: ["positive"],
  build: (ops, input) => ({ positive: ops.relu(input) }),
};
const noWeights: WeightsSource = {
  path: "none",
  tensors: new Map(),
  read: (name) => {
    throw new Error(`Expected no weights to be read but received ${name}`);
  },
};
const given = [-1, 0.5, 2];
const expected = [0, 0.5, 2];

type OpenSession = (network: typeof probe, weights: WeightsSource) => Promise<Session<"positive">>;

/** Runs one layer on a device. Rejects with one sentence when that fails or the numbers are wrong. */
export async function checkDevice(engine: string, open: OpenSession): Promise<void> {
  const numbers = await runProbe(open).catch((cause: Error) => {
    const [reason] = cause.message.split("\n");
    throw new Error(`Expected a device for engine ${engine} but ONNX Runtime cannot use one: ${reason}`, { cause });
  });
  if (numbers.every((value, i) => value === expected[i])) return;
  throw new Error(`Expected ${expected} from the device of engine ${engine} but received ${numbers}`);
}

async function runProbe(open: OpenSession): Promise<number[]> {
  const session = await open(probe, noWeights);
  try {
    const { positive } = await session.run({ data: Float32Array.from(given), shape: [1, 1, 1, 3] });
    return [...positive.data];
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
