import type { Benchmark } from "./bench-context.js";
import { run as detect } from "./detect/detect.js";
import { run as embed } from "./embed/embed.js";
import { run as faults } from "./faults/faults.js";
import { run as pipeline } from "./pipeline/pipeline.js";
import { run as scale } from "./scale/scale.js";
import { run as service } from "./service/service.js";
import { run as soak } from "./soak/soak.js";
import { run as submit } from "./submit/submit.js";

/** By the name that the command line knows them by, in the order in which they run. */
export const benchmarks = { embed, detect, pipeline, service, submit, scale, soak, faults } satisfies Record<
  string,
  Benchmark
>;

export type BenchmarkName = keyof typeof benchmarks;
