import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Job, WebhookAttempts, WebhookSecret, WebhookState } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectEventually } from "../support/eventually.js";
import { portrait } from "../support/test-data.js";
import { answering, type Behaviour, inTurn, verified, WebhookReceiver } from "../support/webhook-receiver.js";
import { Caller, expectProblem } from "./caller.js";
import { forbiddenUrls, foreignSchemes } from "./forbidden-urls.js";

const acme = new Caller("acme");
const globex = new Caller("globex", 1);
const receivers: WebhookReceiver[] = [];

afterAll(() => Promise.all(receivers.map((receiver) => receiver.stop())));

async function receiving(behave: Behaviour = answering(204)): Promise<WebhookReceiver> {
  const receiver = await WebhookReceiver.start(behave);
  receivers.push(receiver);
  return receiver;
}

const silent: Behaviour = () => undefined;

const endless: Behaviour = (response) => {
  response.writeHead(200);
  const zeros = function* () {
    for (;;) yield Buffer.alloc(65_536);
  };
  pipeline(Readable.from(zeros()), response).catch(() => undefined);
};

const trickling: Behaviour = (response) => {
  response.writeHead(200);
  const timer = setInterval(() => response.write("."), 500);
  response.on("close", () => clearInterval(timer));
};

/** A job that ends at once, since its image is not there. */
async function endedJob(url: string, caller = acme): Promise<Job> {
  const image = { s3: { bucket: "photos", key: "absent.png" } };
  return caller.finished(caller.post<Job>("/v1/jobs", { task: "detect", image, webhook: { url } }));
}

/** A job that waits for its image until it is canceled. */
async function endlessJob(url: string): Promise<Job> {
  const image = { url: (await receiving(silent)).url };
  const { status, body, text } = await acme.post<Job>("/v1/jobs", { task: "detect", image, webhook: { url } });
  expect(status, text).toBe(202);
  return body;
}

async function secretOf(caller: Caller): Promise<string> {
  return (await caller.get<WebhookSecret>("/v1/webhook-secret")).body.secret;
}

async function attemptsOf({ links }: Job, caller = acme): Promise<WebhookAttempts> {
  const { status, body, text } = await caller.get<WebhookAttempts>(`${links.self}/webhook-attempts`);
  expect(status, text).toBe(200);
  return body;
}

/** The attempts, once there are so many. */
async function attempted(job: Job, count: number, caller = acme): Promise<WebhookAttempts> {
  await expectEventually(async () =>
    expect((await attemptsOf(job, caller)).attempts.length).toBeGreaterThanOrEqual(count),
  );
  return attemptsOf(job, caller);
}

async function delivered(receiver: WebhookReceiver, count = 1): Promise<void> {
  await expectEventually(() => expect(receiver.received.length).toBeGreaterThanOrEqual(count));
}

async function announced({ links }: Job): Promise<Job["webhook"]> {
  return (await acme.get<Job>(links.self)).body.webhook;
}

async function becomes(job: Job, state: WebhookState, attempts: number): Promise<void> {
  await expectEventually(async () => expect(await announced(job)).toEqual({ state, attempts }));
}

/** How long after an attempt the next was to be, in milliseconds. */
function pauseAfter({ attempts }: WebhookAttempts, index: number): number {
  const { at, durationMs, nextAttemptAt } = attempts[index]!;
  return Date.parse(nextAttemptAt!) - Date.parse(at) - durationMs;
}

describe.concurrent("an event", () => {
  it("of a job that succeeded is signed and thin, and leads to the result", async () => {
    const receiver = await receiving();
    const job = { task: "embed", metadata: { album: "summer" }, webhook: { url: receiver.url } };
    const ended = await acme.finished(acme.sendImage<Job>("/v1/jobs", await portrait(), { job }));
    await delivered(receiver);
    const [received] = receiver.received;
    const { id } = ended;
    const links = { self: `/v1/jobs/${id}`, events: `/v1/jobs/${id}/events` };
    expect(verified(received!, await secretOf(acme))).toEqual({
      type: "job.succeeded",
      timestamp: ended.finishedAt,
      data: { id, task: "embed", state: "succeeded", faces: 1, metadata: { album: "summer" }, links },
    });
    expect(received!.body).not.toMatch(/embedding|box|landmarks|sha256/);
    expect(received!.headers["content-type"]).toMatch(/^application\/json/);
    expect(received!.headers["webhook-id"]).toMatch(/^\S+$/);
    expect(received!.headers["webhook-signature"]).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
    expect(Math.abs(Number(received!.headers["webhook-timestamp"]) * 1000 - received!.at)).toBeLessThan(5000);
    const { body } = await acme.get<Job>(links.self);
    expect(body.result).toMatchObject({ faces: [{ embedding: expect.any(Array) }] });
  });

  it("is known from what another tenant signs, and from what somebody changed", async () => {
    const receiver = await receiving();
    await endedJob(receiver.url);
    await delivered(receiver);
    const [received] = receiver.received;
    const secret = await secretOf(acme);
    expect(verified(received!, secret)).toBeDefined();
    const foreign = await secretOf(new Caller("narrow"));
    expect(() => verified(received!, foreign)).toThrow();
    expect(() => verified({ ...received!, body: received!.body.replace("failed", "succeeded") }, secret)).toThrow();
    const old = { ...received!.headers, "webhook-timestamp": "1700000000" };
    expect(() => verified({ ...received!, headers: old }, secret)).toThrow();
    const renamed = { ...received!.headers, "webhook-id": "another" };
    expect(() => verified({ ...received!, headers: renamed }, secret)).toThrow();
  });

  it("of a job that failed says so", async () => {
    const receiver = await receiving();
    const { id, finishedAt } = await endedJob(receiver.url);
    await delivered(receiver);
    expect(verified(receiver.received[0]!, await secretOf(acme))).toMatchObject({
      type: "job.failed",
      timestamp: finishedAt,
      data: { id, task: "detect", state: "failed", faces: 0 },
    });
  });

  it("of a job that was canceled says so, and none was sent before", async () => {
    const receiver = await receiving();
    const job = await endlessJob(receiver.url);
    expect(await announced(job)).toEqual({ state: "waiting", attempts: 0 });
    expect(await attemptsOf(job)).toEqual({ state: "waiting", attempts: [] });
    expectProblem(await acme.post(`${job.links.self}/webhook-attempts`), 409, "webhook_absent");
    expect(receiver.received).toEqual([]);
    expect((await acme.delete(job.links.self)).status).toBe(204);
    await delivered(receiver);
    expect(verified(receiver.received[0]!, await secretOf(acme))).toMatchObject({
      type: "job.canceled",
      data: { id: job.id, state: "canceled", faces: 0 },
    });
  });

  it.each([200, 201, 202, 299])("that is answered %i is delivered, once", async (status) => {
    const receiver = await receiving(answering(status));
    const job = await endedJob(receiver.url);
    await becomes(job, "delivered", 1);
    const { id, state, attempts } = await attemptsOf(job);
    expect({ id, state }).toEqual({ id: receiver.ids[0], state: "delivered" });
    expect(attempts).toEqual([
      { at: expect.any(String), durationMs: expect.any(Number), outcome: "delivered", status },
    ]);
  });

  it("whose answer has no end is delivered all the same", async () => {
    const receiver = await receiving(endless);
    const job = await endedJob(receiver.url);
    await becomes(job, "delivered", 1);
  });

  it("is announced for none but those who asked", async () => {
    const receiver = await receiving();
    const image = { s3: { bucket: "photos", key: "absent.png" } };
    const job = await acme.finished(acme.post<Job>("/v1/jobs", { task: "detect", image }));
    expect(job).not.toHaveProperty("webhook");
    expectProblem(await acme.post(`${job.links.self}/webhook-attempts`), 409, "webhook_absent");
    expect(receiver.received).toEqual([]);
  });
});

const closing: Behaviour = (response) => response.destroy();
const cut: Behaviour = (response) => {
  response.writeHead(200, { "content-length": "100" }).write("x", () => response.destroy());
};
const failures: [string, Behaviour, { outcome: string; cause: string; status?: number }][] = [
  ["answered 500", answering(500), { outcome: "refused", cause: "status", status: 500 }],
  [
    "answered 500 and Retry-After",
    answering(500, { "retry-after": "60" }),
    { outcome: "refused", cause: "status", status: 500 },
  ],
  ["answered 404", answering(404), { outcome: "refused", cause: "status", status: 404 }],
  [
    "asked to come again at once",
    answering(429, { "retry-after": "0" }),
    { outcome: "refused", cause: "status", status: 429 },
  ],
  ["closed the connection", closing, { outcome: "unreachable", cause: "closed" }],
  ["broke off its answer", cut, { outcome: "unreachable", cause: "malformed" }],
];

describe.concurrent("a receiver that", () => {
  it.each(failures)("%s is sent the same again after five seconds", async (_, behave, expected) => {
    const receiver = await receiving(inTurn(behave, answering(204)));
    const job = await endedJob(receiver.url);
    const first = await attempted(job, 1);
    expect(first).toMatchObject({ state: "pending", attempts: [expected] });
    expect(await announced(job)).toEqual({ state: "pending", attempts: 1 });
    expect(pauseAfter(first, 0)).toBeGreaterThan(4900);
    expect(pauseAfter(first, 0)).toBeLessThan(6500);
    await delivered(receiver, 2);
    const [before, after] = receiver.received;
    expect(after!.at - before!.at).toBeGreaterThanOrEqual(4900);
    expect(after!.body).toBe(before!.body);
    expect(receiver.ids[1]).toBe(receiver.ids[0]);
    expect(verified(after!, await secretOf(acme))).toMatchObject({ type: "job.failed", data: { id: job.id } });
    await becomes(job, "delivered", 2);
  });

  it("fails twice is left alone for five minutes", async () => {
    const receiver = await receiving(answering(500));
    const attempts = await attempted(await endedJob(receiver.url), 2);
    expect(attempts.state).toBe("pending");
    expect(pauseAfter(attempts, 1)).toBeGreaterThan(299_000);
    expect(pauseAfter(attempts, 1)).toBeLessThan(365_000);
  });

  it("redirects is not followed, and asked again", async () => {
    const elsewhere = await receiving();
    const redirect = answering(307, { location: elsewhere.url });
    const receiver = await receiving(inTurn(redirect, answering(204)));
    const job = await endedJob(receiver.url);
    await delivered(receiver, 2);
    await becomes(job, "delivered", 2);
    const { attempts } = await attemptsOf(job);
    expect(attempts).toMatchObject([{ outcome: "redirected", status: 307 }, { outcome: "delivered" }]);
    expect(elsewhere.received).toEqual([]);
  });

  const later = { seconds: () => "9", date: () => new Date(Date.now() + 10_000).toUTCString() };
  it.each([
    [429, "seconds"],
    [503, "seconds"],
    [503, "date"],
  ] as const)("answers %i is left alone for as long as it asks, in %s", async (status, form) => {
    const busy: Behaviour = (response) => response.writeHead(status, { "retry-after": later[form]() }).end();
    const receiver = await receiving(inTurn(busy, answering(204)));
    const job = await endedJob(receiver.url);
    const first = await attempted(job, 1);
    expect(first.attempts).toMatchObject([{ outcome: "refused", status }]);
    expect(pauseAfter(first, 0)).toBeGreaterThan(8500);
    await delivered(receiver, 2);
    expect(receiver.received[1]!.at - receiver.received[0]!.at).toBeGreaterThan(8500);
  });

  it.each([
    ["never answers", silent],
    ["never ends its small answer", trickling],
  ])("%s has 15 seconds", async (_, behave) => {
    const receiver = await receiving(inTurn(behave, answering(204)));
    const job = await endedJob(receiver.url);
    const first = await attempted(job, 1);
    expect(first).toMatchObject({ state: "pending", attempts: [{ outcome: "timeout", cause: "timeout" }] });
    expect(first.attempts[0]!.durationMs).toBeGreaterThan(14_900);
    expect(first.attempts[0]!.durationMs).toBeLessThan(20_000);
    await delivered(receiver, 2);
    await becomes(job, "delivered", 2);
  });

  it("is not there is tried as well", async () => {
    const receiver = await WebhookReceiver.start();
    const { url } = receiver;
    await receiver.stop();
    const job = await endedJob(url);
    expect(await attempted(job, 1)).toMatchObject({
      state: "pending",
      attempts: [{ outcome: "unreachable", cause: "refused" }],
    });
  });

  it("answers 410 is sent nothing more, until it takes a resend", async () => {
    const receiver = await receiving(inTurn(answering(410), answering(204)));
    const first = await endedJob(receiver.url);
    await becomes(first, "disabled", 1);
    const { attempts } = await attemptsOf(first);
    expect(attempts).toMatchObject([{ outcome: "gone", status: 410 }]);
    expect(attempts[0]).not.toHaveProperty("nextAttemptAt");
    const second = await endedJob(receiver.url);
    await becomes(second, "disabled", 0);
    const neighbour = await endedJob(`${receiver.url}/others`);
    await becomes(neighbour, "delivered", 1);
    expect(receiver.received).toHaveLength(2);
    expect((await acme.post(`${second.links.self}/webhook-attempts`)).status).toBe(202);
    await becomes(second, "delivered", 1);
    const third = await endedJob(receiver.url);
    await becomes(third, "delivered", 1);
  });

  it("hangs delays neither others' events nor any job", async () => {
    const hanging = await receiving(silent);
    await Promise.all(Array.from({ length: 40 }, () => endedJob(hanging.url)));
    await delivered(hanging);
    const receiver = await receiving();
    const started = Date.now();
    const job = { task: "detect", webhook: { url: receiver.url } };
    await acme.finished(acme.sendImage<Job>("/v1/jobs", await portrait(), { job }));
    await delivered(receiver);
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});

describe("sending again", () => {
  it("sends what was delivered once more, under its id", async () => {
    const receiver = await receiving();
    const job = await endedJob(receiver.url);
    await becomes(job, "delivered", 1);
    const again = await acme.post<WebhookAttempts>(`${job.links.self}/webhook-attempts`);
    expect(again.status, again.text).toBe(202);
    expect(again.body.id).toBe(receiver.ids[0]);
    await delivered(receiver, 2);
    expect(receiver.ids[1]).toBe(receiver.ids[0]);
    expect(receiver.received[1]!.body).toBe(receiver.received[0]!.body);
    await becomes(job, "delivered", 2);
    const { attempts } = await attemptsOf(job);
    expect(attempts.map(({ outcome }) => outcome)).toEqual(["delivered", "delivered"]);
    const [first, second] = attempts.map(({ at }) => Date.parse(at));
    expect(second!).toBeGreaterThanOrEqual(first!);
  });

  it("and looking at the attempts are for the job's owner: to others there is no such job", async () => {
    const receiver = await receiving();
    const job = await endedJob(receiver.url);
    await delivered(receiver);
    const unknown = `/v1/jobs/j${"0".repeat(32)}/webhook-attempts`;
    const foreign = `${job.links.self}/webhook-attempts`;
    for (const method of ["GET", "POST"]) {
      for (const path of [foreign, unknown]) expectProblem(await globex.call(method, path), 404, "job_not_found");
    }
    expect(receiver.received).toHaveLength(1);
    expect((await new Caller("acme", 1).get(foreign)).status).toBe(200);
  });
});

describe("a secret", () => {
  let receiver: WebhookReceiver;
  beforeAll(async () => {
    receiver = await receiving();
  });

  const signatures = (index: number) => String(receiver.received[index]!.headers["webhook-signature"]).split(" ");

  it("signs beside the one before it while it rotates, which a repeated request does once", async () => {
    const first = await secretOf(globex);
    expect(first).toMatch(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/);
    expect(await secretOf(new Caller("globex", 0))).toBe(first);
    expect(await secretOf(acme)).not.toBe(first);
    await endedJob(receiver.url, globex);
    await delivered(receiver, 1);
    expect(signatures(0)).toHaveLength(1);

    const rotated = await globex.post<WebhookSecret>("/v1/webhook-secret/rotate");
    expect(rotated.status, rotated.text).toBe(200);
    expect(rotated.headers.get("cache-control")).toBe("no-store");
    const second = rotated.body.secret;
    expect(second).not.toBe(first);
    expect(Date.parse(rotated.body.previousUntil!) - Date.now()).toBeGreaterThan(23 * 3_600_000);
    expect(await secretOf(globex)).toBe(second);
    await endedJob(receiver.url, globex);
    await delivered(receiver, 2);
    expect(signatures(1)).toHaveLength(2);
    for (const secret of [first, second]) {
      expect(verified(receiver.received[1]!, secret)).toMatchObject({ type: "job.failed" });
    }

    const again = (await globex.post<WebhookSecret>("/v1/webhook-secret/rotate")).body;
    expect(again).toEqual(rotated.body);
    await endedJob(receiver.url, globex);
    await delivered(receiver, 3);
    for (const secret of [first, second]) expect(verified(receiver.received[2]!, secret)).toBeDefined();
  });
});

describe("an address that may not be connected to", () => {
  const image = { s3: { bucket: "photos", key: "absent.png" } };

  it("is refused when the job or the batch is submitted", async () => {
    for (const url of forbiddenUrls) {
      const job = await acme.post("/v1/jobs", { task: "detect", image, webhook: { url } });
      expectProblem(job, 403, "url_forbidden");
      const batch = await acme.post("/v1/batches", { task: "detect", items: [image], webhook: { url } });
      expectProblem(batch, 403, "url_forbidden");
    }
  });

  it("is also what is no web address", async () => {
    for (const url of foreignSchemes) {
      expectProblem(await acme.post("/v1/jobs", { task: "detect", image, webhook: { url } }), 400, "invalid_request");
    }
  });

  it("is not asked when a receiver redirects there", async () => {
    const receiver = await receiving(answering(302, { location: "http://169.254.169.254/" }));
    const attempts = await attempted(await endedJob(receiver.url), 1);
    expect(attempts.attempts[0]).toMatchObject({ outcome: "redirected", status: 302 });
  });
});
