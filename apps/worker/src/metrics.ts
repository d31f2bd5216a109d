import type { Job } from "@facefleet/contracts";
import type { BatchReport } from "@facefleet/core";
import { type Metrics, secondsBuckets } from "@facefleet/platform";
import { Counter, Gauge, Histogram } from "prom-client";
import type { InferenceInfo, InferenceVitals } from "./inference/protocol.js";

/** The worker's own metrics. They count and time; nothing about an image is in them. */
export class WorkerMetrics {
  readonly #jobs;
  readonly #batches;
  readonly #stages;
  readonly #cache;
  readonly #batchSize;
  readonly #batchWait;
  readonly #inFlight;
  readonly #memory;
  readonly #resources;
  readonly #tensors;
  readonly #engine;

  constructor({ registry }: Metrics) {
    const registers = [registry];
    this.#jobs = new Counter({
      name: "facefleet_jobs_total",
      help: "Jobs that ended; code is the problem of a failed one",
      labelNames: ["task", "state", "code"],
      registers,
    });
    this.#batches = new Counter({
      name: "facefleet_batches_total",
      help: "Batches of images that ended",
      labelNames: ["state"],
      registers,
    });
    this.#stages = new Histogram({
      name: "facefleet_job_stage_seconds",
      help: "Time of each stage of a job: queue, fetch, decode, detect, embed",
      labelNames: ["stage"],
      buckets: secondsBuckets,
      registers,
    });
    this.#cache = new Counter({
      name: "facefleet_analysis_cache_total",
      help: "Jobs that got the result of another one (hit), and that found none and were run (miss)",
      labelNames: ["result"],
      registers,
    });
    this.#batchSize = new Histogram({
      name: "facefleet_batch_size",
      help: "Items that went through the networks together",
      labelNames: ["stage"],
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      registers,
    });
    this.#batchWait = new Histogram({
      name: "facefleet_batch_wait_seconds",
      help: "Wait of a batch's first item until the batch began",
      labelNames: ["stage"],
      buckets: secondsBuckets,
      registers,
    });
    this.#inFlight = new Gauge({ name: "facefleet_jobs_in_flight", help: "Jobs that this worker is doing", registers });
    this.#memory = new Gauge({
      name: "facefleet_inference_memory_bytes",
      help: "Memory of the inference process: resident, and the heap of its JavaScript",
      labelNames: ["kind"],
      registers,
    });
    this.#resources = new Gauge({
      name: "facefleet_inference_resources",
      help: "Open handles and requests of the inference process",
      registers,
    });
    this.#tensors = new Gauge({
      name: "facefleet_inference_tensors",
      help: "Tensors that the engine holds; 0 where it does not count them",
      registers,
    });
    this.#engine = new Gauge({
      name: "facefleet_engine_info",
      help: "1 for what runs the networks, while it is warm",
      labelNames: ["engine", "device", "pack"],
      registers,
    });
  }

  jobEnded({ task, state, error }: Job): void {
    this.#jobs.inc({ task, state, code: error?.code ?? "" });
  }

  stage(stage: string, milliseconds: number): void {
    this.#stages.observe({ stage }, milliseconds / 1000);
  }

  cacheLookup(result: "hit" | "miss"): void {
    this.#cache.inc({ result });
  }

  batch({ stage, size, waitMs }: BatchReport): void {
    this.#batchSize.observe({ stage }, size);
    this.#batchWait.observe({ stage }, waitMs / 1000);
  }

  batchEnded(state: string): void {
    this.#batches.inc({ state });
  }

  inFlight(jobs: number): void {
    this.#inFlight.set(jobs);
  }

  inferenceVitals({ rssBytes, heapBytes, resources, tensors }: InferenceVitals): void {
    this.#memory.set({ kind: "resident" }, rssBytes);
    this.#memory.set({ kind: "heap" }, heapBytes);
    this.#resources.set(resources);
    if (tensors !== undefined) this.#tensors.set(tensors);
  }

  engineReady({ engine, device, models }: InferenceInfo): void {
    this.#engine.reset();
    this.#engine.set({ engine, device, pack: models.standard.pack }, 1);
  }

  engineLost(): void {
    this.#engine.reset();
  }
}
