export type { BenchContext } from "./bench-context.js";
export { type BenchReport, meetsTarget, type Ratio, type Row } from "./bench-report.js";
export { type BenchmarkName, benchmarks } from "./benchmarks.js";
export { MetricsPage, readMetrics } from "./fleet/metrics-page.js";
export { openLoop } from "./load/open-loop.js";
export { percentile } from "./load/percentile.js";
