export { DependencyErrors } from "./dependency-errors.js";
export { jobEndCounter } from "./job-end-counter.js";
export { createMetrics, type Metrics, secondsBuckets } from "./metrics.js";
export { type SubmittedJobs, submissionCounter } from "./submission-counter.js";
