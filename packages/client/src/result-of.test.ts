import { expect, it } from "vitest";
import { FacefleetError } from "./facefleet-error.js";
import { resultOf } from "./result-of.js";

const job = {
  id: "j1",
  task: "detect",
  state: "succeeded",
  createdAt: "2026-01-01T00:00:00Z",
  attempts: 1,
  links: { self: "/v1/jobs/j1", events: "/v1/jobs/j1/events" },
} as const;

it("gives the result of a job that has succeeded", () => {
  expect(resultOf({ ...job, result: { faces: [] } })).toEqual({ faces: [] });
});

it("throws what the job failed with, and says when there is nothing", () => {
  const error = {
    type: "/docs/errors#image_undecodable",
    code: "image_undecodable",
    status: 422,
    title: "The image cannot be decoded",
    retryable: false,
  } as const;
  expect(thrownBy(() => resultOf({ ...job, state: "failed", error }))).toMatchObject({
    code: "image_undecodable",
    status: 422,
    retryable: false,
    message: error.title,
    problem: error,
  });
  expect(thrownBy(() => resultOf({ ...job, state: "canceled" }))).toMatchObject({ code: "job_canceled" });
  expect(thrownBy(() => resultOf({ ...job, state: "active" }))).toMatchObject({ code: "result_absent" });
});

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(FacefleetError);
    return error;
  }
}
