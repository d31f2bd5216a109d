export { createMetrics, type Metrics, secondsBuckets } from "./metrics.js";
