import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import util from "node:util";
import type * as Tfjs from "@tensorflow/tfjs-core";
import { restoreRemovedPredicates } from "./removed-predicates.js";
import { TfjsEngine } from "./tfjs-engine.js";

const require = createRequire(import.meta.url);

/** TensorFlow.js on WebAssembly: needs nothing but its npm package, and is the slowest engine. */
export async function loadTfjsWasm(): Promise<TfjsEngine> {
  const tf: typeof Tfjs = require("@tensorflow/tfjs-core");
  const wasm: typeof import("@tensorflow/tfjs-backend-wasm") = require("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(dirname(require.resolve("@tensorflow/tfjs-backend-wasm")) + sep);
  await makeCurrent(tf, "wasm");
  return new TfjsEngine("tfjs-wasm", "cpu", tf, "wasm");
}

/**
 * TensorFlow.js on libtensorflow, through a package that is installed only where its native library can
 * be had: in `folder`, or beside this package. Rejects when the package is missing, and when the GPU package
 * finds no GPU: libtensorflow would go on with the CPU and say nothing.
 */
export async function loadTfjsNode(name: "tfjs-node" | "tfjs-node-gpu", folder?: string): Promise<TfjsEngine> {
  restoreRemovedPredicates(util);
  const tf: typeof Tfjs = requireOptional(`@tensorflow/${name}`, folder);
  await makeCurrent(tf, "tensorflow");
  const backend = tf.backend() as Tfjs.KernelBackend & { readonly isUsingGpuDevice?: boolean };
  const onGpu = backend.isUsingGpuDevice === true;
  if (name === "tfjs-node-gpu" && !onGpu) {
    throw new Error("Expected a GPU for engine tfjs-node-gpu but libtensorflow found none it can use");
  }
  return new TfjsEngine(name, onGpu ? "gpu" : "cpu", tf, "tensorflow");
}

function requireOptional(packageName: string, folder?: string): typeof Tfjs {
  const file = findOptional(packageName, folder);
  try {
    return require(file);
  } catch (cause) {
    const [reason] = (cause as Error).message.split("\n");
    throw new Error(`Expected package ${packageName} to load but received: ${reason}`, { cause });
  }
}

function findOptional(packageName: string, folder?: string): string {
  const places = [...(folder === undefined ? [] : [folder]), import.meta.dirname];
  try {
    return require.resolve(packageName, { paths: places });
  } catch (cause) {
    const looked = folder === undefined ? "" : ` in ${join(folder, "node_modules")} or`;
    throw new Error(`Expected package ${packageName}${looked} among the installed packages but it is not there`, {
      cause,
    });
  }
}

async function makeCurrent(tf: typeof Tfjs, backend: string): Promise<void> {
  if (!(await tf.setBackend(backend))) {
    throw new Error(`Expected TensorFlow.js to start its backend "${backend}" but it did not`);
  }
  await tf.ready();
}
