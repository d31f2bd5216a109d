import { type Batch, type Job, type ProblemCode, ProblemError } from "@facefleet/contracts";

export function jobAnswer(state: Job["state"], more: Partial<Job> = {}) {
  const links = { self: "/v1/jobs/j1", events: "/v1/jobs/j1/events" };
  const job: Job = { id: "j1", task: "detect", state, createdAt: "2026-01-01T00:00:00Z", attempts: 0, links, ...more };
  return { status: 202, body: job };
}

export function batchAnswer(state: Batch["state"], progress = 0) {
  const body: Batch = {
    id: "b1",
    task: "embed",
    state,
    progress,
    counts: { total: 2, queued: 0, active: 0, succeeded: 2, failed: 0, canceled: 0 },
    createdAt: "2026-01-01T00:00:00Z",
    links: { self: "/v1/batches/b1", results: "/v1/batches/b1/results" },
  };
  return { status: 200, body };
}

export function problemAnswer(code: ProblemCode, headers: Record<string, string> = {}) {
  const body = new ProblemError(code).toProblem();
  return { status: body.status, headers, body };
}
