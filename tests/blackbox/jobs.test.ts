import type { Job } from "@facefleet/contracts";
import { describe, expect, it } from "vitest";
import { portrait } from "../support/test-data.js";
import { Caller, isAbsent } from "./caller.js";

const acme = new Caller("acme");
/** The same tenant, at the other API process. */
const elsewhere = new Caller("acme", 1);

describe.skipIf(isAbsent)("a job", () => {
  it("is answered 202 with its place and itself, and ends with its result", async () => {
    const job = { task: "embed", metadata: { album: "summer" }, resultTtlSeconds: 120 };
    const submitted = await acme.sendImage<Job>("/v1/jobs", await portrait(), { job });
    expect(submitted.status).toBe(202);
    expect(submitted.headers.get("location")).toBe(`/v1/jobs/${submitted.body.id}`);
    expect(submitted.body).toMatchObject({
      task: "embed",
      state: "queued",
      attempts: 0,
      metadata: { album: "summer" },
    });
    const { id } = submitted.body;
    expect(submitted.body.links).toEqual({ self: `/v1/jobs/${id}`, events: `/v1/jobs/${id}/events` });
    const ended = await elsewhere.ended(id);
    expect(ended).toMatchObject({ id, state: "succeeded", attempts: 1, metadata: { album: "summer" } });
    expect(Date.parse(ended.expiresAt!) - Date.parse(ended.finishedAt!)).toBe(120_000);
  });
});
