import { randomBytes } from "node:crypto";
import type { Job, Problem } from "@facefleet/contracts";
import { beforeAll, describe, expect, it } from "vitest";
import { portrait } from "../support/test-data.js";
import { type Answer, Caller, expectProblem } from "./caller.js";

const acme = new Caller("acme");
const globex = new Caller("globex", 1);

/** Every route of a job. */
const routes = [
  ["GET", ""],
  ["GET", "?wait=1"],
  ["GET", "/events"],
  ["POST", "/retry"],
  ["GET", "/webhook-attempts"],
  ["POST", "/webhook-attempts"],
  ["DELETE", ""],
] as const;

/** What an answer says, but for what differs between any two requests. */
function traits({ status, headers, body }: Answer<Problem>, id: string) {
  const { requestId, ...problem } = body;
  const names = [...headers.keys()].sort();
  return { status, names, type: headers.get("content-type"), problem: JSON.stringify(problem).replaceAll(id, "<id>") };
}

describe("a job that is not the caller's", () => {
  const unknown = `j${randomBytes(16).toString("hex")}`;
  let owned: string;
  let canceled: string;
  let erased: string;
  beforeAll(async () => {
    const submit = async () => acme.sendImage<Job>("/v1/jobs", await portrait(), { job: { task: "embed" } });
    const [first, second] = await Promise.all([acme.finished(submit()), acme.finished(submit())]);
    const third = await submit();
    await acme.delete(`/v1/jobs/${second.id}`);
    await acme.delete(`/v1/jobs/${third.body.id}`);
    [owned, erased, canceled] = [first.id, second.id, third.body.id];
  });

  it.each(routes)("%s /v1/jobs/{id}%s: is like one that never was", async (method, rest) => {
    const never = await globex.call<Problem>(method, `/v1/jobs/${unknown}${rest}`);
    expectProblem(never, 404, "job_not_found");
    for (const id of [owned, canceled, erased]) {
      const answer = await globex.call<Problem>(method, `/v1/jobs/${id}${rest}`);
      expect(traits(answer, id)).toEqual(traits(never, unknown));
    }
  });

  it("is untouched by those who may not touch it", async () => {
    for (const [method, rest] of routes) await globex.call(method, `/v1/jobs/${owned}${rest}`);
    expect((await acme.job(owned)).body).toMatchObject({ state: "succeeded", result: { faces: [{}] } });
  });

  // DELETE is idempotent: who erased a job may say so again.
  it.each(routes.slice(0, -1))("%s /v1/jobs/{id}%s: nor is one that its owner has erased", async (method, rest) => {
    const never = await acme.call<Problem>(method, `/v1/jobs/${unknown}${rest}`);
    const answer = await acme.call<Problem>(method, `/v1/jobs/${erased}${rest}`);
    expect(traits(answer, erased)).toEqual(traits(never, unknown));
  });

  it.each(["x", "123", "meta", `j${"0".repeat(31)}`, `J${"0".repeat(32)}`, "a:b", "x".repeat(3000)])(
    "cannot be %.40s",
    async (id) => {
      for (const [method, rest] of routes) {
        expectProblem(await acme.call(method, `/v1/jobs/${id}${rest}`), 404, "job_not_found");
      }
    },
  );

  it("has no webhook's attempts to show where none was asked for", async () => {
    expectProblem(await acme.get(`/v1/jobs/${owned}/webhook-attempts`), 409, "webhook_absent");
    expectProblem(await acme.post(`/v1/jobs/${owned}/webhook-attempts`), 409, "webhook_absent");
  });
});
