import { createRequire } from "node:module";
import { dirname, sep } from "node:path";
import type * as Tfjs from "@tensorflow/tfjs-core";
import { TfjsEngine } from "./tfjs-engine.js";

const require = createRequire(import.meta.url);

/** TensorFlow.js on WebAssembly: needs nothing but its npm package, and is the slowest engine. */
export async function loadTfjsWasm(): Promise<TfjsEngine> {
  const tf: typeof Tfjs = require("@tensorflow/tfjs-core");
  const wasm: typeof import("@tensorflow/tfjs-backend-wasm") = require("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + sep);
  await makeCurrent(tf, "wasm");
  return new TfjsEngine("tfjs-wasm", "cpu", tf);
}

/**
 * TensorFlow.js on libtensorflow, through a package that is installed only where its native library can
 * be had. Rejects when the package is missing, and when the GPU package finds no GPU: libtensorflow
 * would go on with the CPU and say nothing.
 */
export async function loadTfjsNode(name: "tfjs-node" | "tfjs-node-gpu"): Promise<TfjsEngine> {
  const tf: typeof Tfjs = requireOptional(`@tensorflow/${name}`);
  await makeCurrent(tf, "tensorflow");
  const backend = tf.backend() as Tfjs.KernelBackend & { readonly isUsingGpuDevice?: boolean };
  const onGpu = backend.isUsingGpuDevice === true;
  if (name === "tfjs-node-gpu" && !onGpu) {
    throw new Error("Expected a GPU for engine tfjs-node-gpu but libtensorflow found none it can use");
  }
  return new TfjsEngine(name, onGpu ? "gpu" : "cpu", tf);
}

function requireOptional(packageName: string): typeof Tfjs {
  try {
    return require(packageName);
  } catch (cause) {
    throw new Error(`Expected package ${packageName} to be installed and to load, but it does not`, { cause });
  }
}

async function makeCurrent(tf: typeof Tfjs, backend: string): Promise<void> {
  if (!(await tf.setBackend(backend))) {
    throw new Error(`Expected TensorFlow.js to start its backend "${backend}" but it did not`);
  }
  await tf.ready();
}
