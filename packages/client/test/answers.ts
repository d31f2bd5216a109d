import { type Batch, type Job, type ProblemCode, ProblemError } from "@facefleet/contracts";

const createdAt = "2026-01-01T00:00:00Z";

function endOf(state: string): { finishedAt?: string } {
  return state === "queued" || state === "active" ? {} : { finishedAt: "2026-01-01T00:00:01Z" };
}

export function jobAnswer(state: Job["state"], more: Partial<Job> = {}) {
  const links = { self: "/v1/jobs/j1", events: "/v1/jobs/j1/events" };
  const job: Job = { id: "j1", task: "detect", state, createdAt, attempts: 0, ...endOf(state), links, ...more };
  return { status: 202, body: job };
}

export function batchAnswer(state: Batch["state"], progress = 0) {
  const body: Batch = {
    id: "b1",
    task: "embed",
    state,
    progress,
    counts: { total: 2, queued: 0, active: 0, succeeded: 2, failed: 0, canceled: 0 },
    createdAt,
    ...endOf(state),
    links: { self: "/v1/batches/b1", results: "/v1/batches/b1/results" },
  };
  return { status: 200, body };
}

export function problemAnswer(code: ProblemCode, headers: Record<string, string> = {}) {
  const body = new ProblemError(code).toProblem();
  return { status: body.status, headers, body };
}
