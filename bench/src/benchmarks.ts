import type { Benchmark } from "./bench-context.js";
import { run as submit } from "./submit/submit.js";

/** By the name that the command line knows them by, in the order in which they run. */
export const benchmarks = { submit } satisfies Record<string, Benchmark>;

export type BenchmarkName = keyof typeof benchmarks;
