import { type Job, type JobList, jobStates } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.js";
import { portrait } from "../support/test-data.js";
import { Caller, expectProblem } from "./caller.js";
import { ImageServer } from "./image-server.js";

const lister = new Caller("lister");
const elsewhere = new Caller("lister", 1);

describe("the list of jobs", () => {
  let site: ImageServer;
  /** Newest first. */
  const jobs: Job[] = [];
  beforeAll(async () => {
    site = await ImageServer.start(await portrait());
    for (const path of ["/image", "/status/404", "/held/canceled", "/held/active", "/image"])
      jobs.unshift(await submit(path));
    await Promise.all([0, 3, 4].map((index) => lister.ended(jobs[index]!.id)));
    await eventually(() => site.waiting.has("/held/active"));
    await lister.delete(`/v1/jobs/${jobs[2]!.id}`);
  });
  afterAll(async () => {
    site.letGo();
    await lister.ended(jobs[1]!.id);
    await site.stop();
  });

  async function submit(path: string): Promise<Job> {
    const request = { task: "detect", image: { url: site.url(path) }, metadata: { path } };
    const { status, body } = await lister.submit(request);
    expect(status).toBe(202);
    return body;
  }

  const list = async (query = "", caller = elsewhere) => {
    const { status, body, text } = await caller.get<JobList>(`/v1/jobs${query}`);
    expect(status, text).toBe(200);
    return body;
  };
  const idsOf = (page: JobList) => page.jobs.map(({ id }) => id);

  it("has the caller's own jobs, newest first, without their results", async () => {
    const page = await list("?limit=5");
    expect(idsOf(page)).toEqual(jobs.map(({ id }) => id));
    const states = ["succeeded", "active", "canceled", "failed", "succeeded"];
    expect(page.jobs.map(({ state }) => state)).toEqual(states);
    for (const job of page.jobs) {
      expect(job).not.toHaveProperty("result");
      expect(job.links.self).toBe(`/v1/jobs/${job.id}`);
    }
    expect(page.jobs[0]).toMatchObject({ metadata: { path: "/image" }, expiresAt: expect.any(String) });
    const others = await list("?limit=100", new Caller("acme"));
    for (const { id } of jobs) expect(idsOf(others)).not.toContain(id);
  });

  it("comes in pages, from either process, in which new jobs move no other", async () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const caller = seen.length % 4 === 0 ? lister : elsewhere;
      const page: JobList = await list(`?limit=2${cursor ? `&cursor=${cursor}` : ""}`, caller);
      seen.push(...idsOf(page));
      cursor = page.cursor;
      if (seen.length === 2) await lister.ended((await submit("/image")).id);
    } while (cursor !== undefined);
    expect(seen.slice(0, 5)).toEqual(jobs.map(({ id }) => id));
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("has 20 jobs a page unless told", async () => {
    await Promise.all(Array.from({ length: 20 }, () => submit("/image")));
    const { jobs: page, cursor } = await list();
    expect([page.length, typeof cursor]).toEqual([20, "string"]);
    await Promise.all(page.map(({ id }) => lister.ended(id)));
  });

  it("can be of one state alone", async () => {
    for (const state of jobStates) {
      const page = await list(`?state=${state}&limit=100`);
      const wanted = (await list("?limit=100")).jobs.filter((job) => job.state === state);
      expect(idsOf(page)).toEqual(wanted.map(({ id }) => id));
    }
    expect(idsOf(await list("?state=active"))).toEqual([jobs[1]!.id]);
    expect(idsOf(await list("?state=canceled"))).toEqual([jobs[2]!.id]);
    expect(idsOf(await list("?state=failed"))).toEqual([jobs[3]!.id]);
  });

  it("forgets what is erased", async () => {
    const { id } = await lister.ended((await submit("/image")).id);
    expect(idsOf(await list())).toContain(id);
    await lister.delete(`/v1/jobs/${id}`);
    expect(idsOf(await list("?limit=100"))).not.toContain(id);
  });

  it.each([
    ["limit=0", "/limit"],
    ["limit=101", "/limit"],
    ["limit=x", "/limit"],
    ["state=done", "/state"],
    ["state=", "/state"],
    ["cursor=x", "/cursor"],
    ["cursor=", "/cursor"],
    [`cursor=${Buffer.from("1 ../x").toString("base64url")}`, "/cursor"],
    ["colour=red", "/colour"],
  ])("is refused with ?%s", async (query, path) => {
    const answer = await lister.get(`/v1/jobs?${query}`);
    expectProblem(answer, 400, "invalid_request");
    expect(answer.body.errors).toMatchObject([{ path }]);
  });
});
