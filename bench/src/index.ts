export type { BenchContext } from "./bench-context.js";
export { type BenchReport, meetsTarget, type Ratio, type Row } from "./bench-report.js";
export { type BenchmarkName, benchmarks } from "./benchmarks.js";
