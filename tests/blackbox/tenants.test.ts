import { randomUUID } from "node:crypto";
import type { Job, JobList } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { eventually } from "../support/eventually.js";
import { portrait } from "../support/test-data.js";
import { type Answer, Caller, expectProblem } from "./caller.js";
import { ImageServer } from "./image-server.js";
import { putPhoto } from "./s3-objects.js";

const nobody = new Caller("nobody");
const nobodyElsewhere = new Caller("nobody", 1);

describe("without a valid key", () => {
  it.each([
    ["no header", undefined],
    ["another scheme", "Basic YTpi"],
    ["a scheme alone", "Bearer"],
    ["a bare key", "$key"],
  ])("with %s, every route asks for one", async (_what, authorization) => {
    for (const [method, path] of keyedRoutes) {
      const answer = await nobody.call(method, path, { headers: headerOf(authorization) });
      expectProblem(answer, 401, "unauthorized");
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="facefleet"');
    }
  });

  it.each([
    ["an unknown key", `Bearer ff_${"A".repeat(43)}`],
    ["a key that is cut", "Bearer $short"],
    ["two keys", "Bearer $key $key"],
    ["no key at all", "Bearer ???"],
  ])("with %s, every route says that it is not valid", async (_what, authorization) => {
    for (const [method, path] of keyedRoutes) {
      const answer = await nobodyElsewhere.call(method, path, { headers: headerOf(authorization) });
      expectProblem(answer, 401, "unauthorized");
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="facefleet", error="invalid_token"');
      expect(answer.text).not.toContain(inject("deployment").keys.acme.slice(0, 12));
    }
  });

  it("nobody learns which addresses exist", async () => {
    expectProblem(await nobody.get("/v1/nothing"), 401, "unauthorized");
  });

  it("what is public is answered", async () => {
    for (const path of ["/", "/health", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs/", "/docs/errors"]) {
      for (const caller of [nobody, nobodyElsewhere]) expect((await caller.get(path)).status, path).toBe(200);
    }
  });

  it("the scheme may be written in any case", async () => {
    const headers = { authorization: `bearer ${inject("deployment").keys.acme}` };
    expect((await nobody.get("/v1/jobs", headers)).status).toBe(200);
  });
});

describe("a tenant of ten requests a minute", () => {
  const processes = [new Caller("hasty"), new Caller("hasty", 1)] as const;
  const policy = '"per-minute";q=10;w=60';

  /** What the header says is left, and for how many seconds. */
  const left = ({ headers }: Answer) => {
    const [, remaining, reset] = /^"per-minute";r=(\d+);t=(\d+)$/.exec(headers.get("ratelimit") ?? "") ?? [];
    return { remaining: Number(remaining), reset: Number(reset) };
  };

  it("has them over both processes together, and is then told to wait", async () => {
    const answers: Answer[] = [];
    for (let index = 0; index < 10; index += 1) answers.push(await processes[index % 2]!.get("/v1/jobs"));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(answers.map((answer) => left(answer).remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    for (const caller of [...processes, ...processes]) {
      const refused = await caller.get("/v1/jobs");
      expectProblem(refused, 429, "rate_limited");
      expect(refused.body.retryable).toBe(true);
      const { remaining, reset } = left(refused);
      expect(remaining).toBe(0);
      expect(reset).toBeGreaterThan(0);
      expect(reset).toBeLessThanOrEqual(60);
      expect(refused.headers.get("retry-after")).toBe(String(reset));
      answers.push(refused);
    }
    for (const { headers } of answers) expect(headers.get("ratelimit-policy")).toBe(policy);
  });

  it("is refused whatever it asks for, before its body is looked at", async () => {
    expectProblem(await processes[0].sendImage("/detect-face", await portrait()), 429, "rate_limited");
    expectProblem(await processes[1].post("/v1/jobs", {}), 429, "rate_limited");
    expect((await processes[0].get("/livez")).status).toBe(200);
  });

  it("takes nothing from others, who have no limit", async () => {
    const { status, headers } = await new Caller("acme").get("/v1/jobs");
    expect([status, headers.get("ratelimit"), headers.get("ratelimit-policy")]).toEqual([200, null, null]);
  });
});

describe("a tenant that may have two jobs", () => {
  const small = new Caller("small");
  const elsewhere = new Caller("small", 1);
  let site: ImageServer;
  beforeAll(async () => {
    site = await ImageServer.start(await portrait());
  });
  afterAll(() => site.stop());

  const expectFull = (answer: Answer<unknown>) => {
    expectProblem(answer, 429, "too_many_jobs");
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  };

  it("is told to come again while it has them, and may once one has ended", async () => {
    const submit = (name: string, caller = small, headers?: Record<string, string>) =>
      caller.submit({ task: "detect", image: { url: site.url(`/held/${name}`) } }, headers);
    const [first, second] = [await submit("a"), await submit("b", elsewhere)];
    expect([first.status, second.status]).toEqual([202, 202]);
    await eventually(() => site.waiting.size === 2);
    for (const caller of [small, elsewhere]) {
      expectFull(await submit("c", caller));
      expectFull(await caller.sendImage("/v1/jobs", await portrait(), { job: { task: "detect" } }));
      expectFull(await caller.sendImage("/detect-face", await portrait()));
    }
    const key = { "idempotency-key": randomUUID() };
    expectFull(await submit("c", small, key));
    expect((await new Caller("acme").get("/v1/jobs")).status).toBe(200);

    await small.delete(`/v1/jobs/${first.body.id}`);
    const third = await submit("c", elsewhere, key);
    expect(third.status).toBe(202);
    expectFull(await submit("d"));
    site.letGo();
    for (const { body } of [second, third]) expect((await small.ended(body.id)).state).toBe("succeeded");
    expect((await elsewhere.finished(submit("d"))).state).toBe("succeeded");
  });

  it("may not try a failed one again while it has them", async () => {
    site.hold();
    const failed = await small.finished(small.submit({ task: "detect", image: { url: site.url("/status/404") } }));
    const image = { url: site.url("/held/instead") };
    const others = [await small.submit({ task: "detect", image }), await small.submit({ task: "embed", image })];
    expectFull(await elsewhere.post(`/v1/jobs/${failed.id}/retry`));
    expect((await small.job(failed.id)).body).toEqual(failed);
    site.letGo();
    for (const { body } of others) expect((await small.ended(body.id)).state).toBe("succeeded");
    expect((await elsewhere.post(`/v1/jobs/${failed.id}/retry`)).status).toBe(202);
    expect((await small.ended(failed.id)).attempts).toBe(2);
  });

  it("has no third, however many it sends at once", async () => {
    site.hold();
    const submitted = Array.from({ length: 20 }, (_, index) => {
      const image = { url: site.url(`/held/${index}`) };
      return (index % 2 === 0 ? small : elsewhere).submit({ task: "detect", image });
    });
    const answers = await Promise.all(submitted);
    const taken = answers.filter(({ status }) => status === 202);
    expect(taken).toHaveLength(2);
    for (const answer of answers) if (!taken.includes(answer)) expectFull(answer);
    site.letGo();
    for (const { body } of taken) expect((await small.ended(body.id)).state).toBe("succeeded");
  });
});

describe("a tenant with one bucket", () => {
  const narrow = new Caller("narrow");

  it("may read it, and no other that is open to callers", async () => {
    const allowed = await putPhoto(await portrait());
    const closed = await putPhoto(await portrait(), { bucket: "results" });
    expect((await narrow.finished(narrow.submit({ task: "detect", image: allowed }))).state).toBe("succeeded");
    expectProblem(await narrow.submit({ task: "detect", image: closed }), 403, "bucket_forbidden");
    const images = [allowed, closed];
    expectProblem(await narrow.submit({ task: "verify", images }), 403, "bucket_forbidden");
    const acme = new Caller("acme");
    expect((await acme.finished(acme.submit({ task: "verify", images }))).state).toBe("succeeded");
  });

  it("is not told what is in the others", async () => {
    const there = await narrow.submit({
      task: "detect",
      image: await putPhoto(await portrait(), { bucket: "results" }),
    });
    const not = await narrow.submit({ task: "detect", image: { s3: { bucket: "results", key: "nowhere.png" } } });
    const [first, second] = [there, not].map(({ body }) => ({ ...(body as object), requestId: "" }));
    expect(first).toEqual(second);
  });
});

describe("tenants", () => {
  it("see nothing of each other", async () => {
    const [acme, globex] = [new Caller("acme"), new Caller("globex", 1)];
    const { id } = await acme.finished(
      acme.sendImage<Job>("/v1/jobs", await portrait(), { job: { task: "embed", metadata: { secret: "acme" } } }),
    );
    expectProblem(await globex.job(id), 404, "job_not_found");
    expectProblem(await globex.delete(`/v1/jobs/${id}`), 404, "job_not_found");
    const { text, body } = await globex.get<JobList>("/v1/jobs?limit=100");
    expect(body.jobs.map((job) => job.id)).not.toContain(id);
    expect(text).not.toContain('"secret"');
    expect((await acme.job(id)).body.state).toBe("succeeded");
    const secrets = await Promise.all(
      [acme, globex].map((tenant) => tenant.get<{ secret: string }>("/v1/webhook-secret")),
    );
    expect(secrets[0]!.body.secret).not.toBe(secrets[1]!.body.secret);
  });
});

const job = `/v1/jobs/j${"0".repeat(32)}`;
const batch = `/v1/batches/b${"0".repeat(32)}`;
const keyedRoutes = [
  ["POST", "/detect-face"],
  ["POST", "/extract-embedding"],
  ["POST", "/compare-faces"],
  ["POST", "/v1/jobs"],
  ["GET", "/v1/jobs"],
  ["GET", job],
  ["DELETE", job],
  ["GET", `${job}/events`],
  ["POST", `${job}/retry`],
  ["GET", `${job}/webhook-attempts`],
  ["POST", `${job}/webhook-attempts`],
  ["POST", "/v1/batches"],
  ["GET", batch],
  ["GET", `${batch}/results`],
  ["DELETE", batch],
  ["POST", "/v1/uploads"],
  ["GET", "/v1/webhook-secret"],
  ["POST", "/v1/webhook-secret/rotate"],
  ["GET", "/v1/models"],
] as const;

function headerOf(authorization: string | undefined): Record<string, string> {
  if (authorization === undefined) return {};
  const { acme } = inject("deployment").keys;
  return { authorization: authorization.replaceAll("$key", acme).replace("$short", acme.slice(0, -1)) };
}
