import { usualDetector } from "@facefleet/contracts";
import type { BatchReport, BatchStage } from "@facefleet/core";
import { batchStages } from "@facefleet/core/batching";
import { type Metrics, type SubmittedJobs, secondsBuckets, submissionCounter } from "@facefleet/platform";
import { Counter, Gauge, Histogram } from "prom-client";
import type { EgressOutcome } from "./counted-egress.js";
import type { InferenceInfo, InferenceVitals } from "./inference/protocol.js";

/** The worker's own metrics. They count and time; nothing about an image is in them. */
export class WorkerMetrics {
  readonly #batches;
  readonly #stages;
  readonly #cache;
  readonly #egress;
  readonly #batchSize;
  readonly #batchWait;
  readonly #batchFill;
  readonly #outOfMemorySplits;
  readonly #inFlight;
  readonly #memory;
  readonly #resources;
  readonly #tensors;
  readonly #tensorBytes;
  readonly #eventLoopDelay;
  readonly #engine;
  readonly #givenBack;
  readonly #partsAway;

  /** Counts items of batches that were queued. */
  readonly submitted: (submitted: SubmittedJobs) => void;

  constructor(metrics: Metrics) {
    const { registry } = metrics;
    this.submitted = submissionCounter(metrics);
    const registers = [registry];
    this.#batches = new Counter({
      name: "facefleet_batches_total",
      help: "Batches of images that ended",
      labelNames: ["state"],
      registers,
    });
    this.#stages = new Histogram({
      name: "facefleet_job_stage_seconds",
      help: "Time of each stage of an image's way through a job, none counted twice: queue, fetch, memory (wait for room among the decoded images), decode, pyramid, detect, align, embed, store (of the outcome)",
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
    this.#egress = new Counter({
      name: "facefleet_egress_requests_total",
      help: "Requests to addresses that users gave; outcome is answered, aborted, or why there was no answer",
      labelNames: ["purpose", "outcome"],
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
    this.#batchFill = new Histogram({
      name: "facefleet_batch_fill_ratio",
      help: "Size of a batch by what the batcher allows now; a batch of large images is full before it",
      labelNames: ["stage"],
      buckets: [0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1],
      registers,
    });
    this.#outOfMemorySplits = new Counter({
      name: "facefleet_batch_oom_splits_total",
      help: "Batches that were halved because the device ran out of memory",
      labelNames: ["stage"],
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
      help: "Tensors that the engine holds; absent where it does not count them",
      registers,
    });
    this.#tensorBytes = new Gauge({
      name: "facefleet_inference_tensor_bytes",
      help: "Bytes of these tensors, on the device of the engine: of a GPU's memory on a GPU",
      registers,
    });
    this.#eventLoopDelay = new Gauge({
      name: "facefleet_inference_eventloop_lag_p99_seconds",
      help: "How late the event loop of the inference process is, 99th percentile of the last seconds; of several, the slowest",
      registers,
    });
    this.#engine = new Gauge({
      name: "facefleet_engine_info",
      help: "1 for what runs the networks, while it is warm",
      labelNames: ["engine", "device", "arithmetic", "pack"],
      registers,
    });
    this.#givenBack = new Counter({
      name: "facefleet_jobs_given_back_total",
      help: "Times that a job was given back to the queue without an attempt counted, by what it would have failed with: a part of ours was away, or the host of an image asked to come later",
      labelNames: ["code"],
      registers,
    });
    this.#partsAway = new Gauge({
      name: "facefleet_part_away",
      help: "1 while this worker takes no jobs because a part that they need is away",
      labelNames: ["part"],
      registers,
    });
    for (const part of ["store", "engine"] as const) this.#partsAway.set({ part }, 0);
    // What is not known is not shown; what has not happened is, for an increase from nothing would not be seen.
    for (const unknown of [this.#tensors, this.#tensorBytes]) unknown.remove({});
    for (const stage of batchStages) this.#outOfMemorySplits.inc({ stage }, 0);
  }

  stage(stage: string, milliseconds: number): void {
    this.#stages.observe({ stage }, milliseconds / 1000);
  }

  cacheLookup(result: "hit" | "miss"): void {
    this.#cache.inc({ result });
  }

  egress(purpose: "image" | "webhook", outcome: EgressOutcome): void {
    this.#egress.inc({ purpose, outcome });
  }

  batch({ stage, size, capacity, waitMs }: BatchReport): void {
    this.#batchSize.observe({ stage }, size);
    this.#batchFill.observe({ stage }, size / capacity);
    this.#batchWait.observe({ stage }, waitMs / 1000);
  }

  outOfMemorySplit(stage: BatchStage): void {
    this.#outOfMemorySplits.inc({ stage });
  }

  batchEnded(state: string): void {
    this.#batches.inc({ state });
  }

  jobGivenBack(code: string): void {
    this.#givenBack.inc({ code });
  }

  partAway(part: "store" | "engine", isAway: boolean): void {
    this.#partsAway.set({ part }, Number(isAway));
  }

  inFlight(jobs: number): void {
    this.#inFlight.set(jobs);
  }

  inferenceVitals({ rssBytes, heapBytes, resources, tensors, tensorBytes, eventLoopDelayMs }: InferenceVitals): void {
    this.#memory.set({ kind: "resident" }, rssBytes);
    this.#memory.set({ kind: "heap" }, heapBytes);
    this.#resources.set(resources);
    if (tensors !== undefined) this.#tensors.set(tensors);
    if (tensorBytes !== undefined) this.#tensorBytes.set(tensorBytes);
    this.#eventLoopDelay.set(eventLoopDelayMs / 1000);
  }

  engineReady({ engine, device, arithmetic, models }: InferenceInfo): void {
    this.#engine.reset();
    this.#engine.set({ engine, device, arithmetic, pack: models[usualDetector].standard.pack }, 1);
  }

  engineLost(): void {
    this.#engine.reset();
  }
}
