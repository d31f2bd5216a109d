import { readMetrics } from "../fleet/metrics-page.js";

/** What must not grow with the images that a fleet has seen. */
export interface Vitals {
  readonly "API RSS MiB": number;
  readonly "worker RSS MiB": number;
  readonly "inference RSS MiB": number;
  readonly "inference heap MiB": number;
  readonly "API handles": number;
  readonly "worker handles": number;
  readonly "inference handles": number;
  readonly tensors: number;
}

const mebibyte = 2 ** 20;

export async function readVitals(addresses: { readonly api: string; readonly worker: string }): Promise<Vitals> {
  const [api, worker] = await Promise.all([readMetrics(addresses.api), readMetrics(addresses.worker)]);
  const inferenceMemory = (kind: string) => worker.sum("facefleet_inference_memory_bytes", { kind }) / mebibyte;
  return {
    "API RSS MiB": api.sum("process_resident_memory_bytes") / mebibyte,
    "worker RSS MiB": worker.sum("process_resident_memory_bytes") / mebibyte,
    "inference RSS MiB": inferenceMemory("resident"),
    "inference heap MiB": inferenceMemory("heap"),
    "API handles": api.sum("nodejs_active_handles_total"),
    "worker handles": worker.sum("nodejs_active_handles_total"),
    "inference handles": worker.sum("facefleet_inference_resources"),
    tensors: worker.sum("facefleet_inference_tensors"),
  };
}
