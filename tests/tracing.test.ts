import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { AnalysisResult, Job } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectEventually } from "./support/eventually.js";
import { Fleet } from "./support/fleet.js";
import { OtlpReceiver, type ReceivedSpan } from "./support/otlp-receiver.js";
import { portrait } from "./support/test-data.js";
import { imageTraces, resultTraces, secretTrace, tracesIn } from "./support/traces.js";
import { answering, inTurn, WebhookReceiver } from "./support/webhook-receiver.js";

const server = 2;
const client = 3;
const producer = 4;
const consumer = 5;

/** A caller's span, and the header that names it. */
function callerSpan(flags = "01") {
  const [traceId, spanId] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
  return { traceId, spanId, headers: { traceparent: `00-${traceId}-${spanId}-${flags}` } };
}

async function postForm(url: string, image: Buffer, job: unknown, headers: Record<string, string>): Promise<Response> {
  const form = new FormData();
  if (job !== undefined) form.append("job", JSON.stringify(job));
  form.append("image", new Blob([Uint8Array.from(image)]), "photo.png");
  return fetch(url, { method: "POST", body: form, headers });
}

function postJson(url: string, body: unknown, headers: Record<string, string>): Promise<Response> {
  return fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
}

describe("with a collector", () => {
  let fleet: Fleet;
  let collector: OtlpReceiver;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    collector = await OtlpReceiver.start();
    receiver = await WebhookReceiver.start();
    fleet = await Fleet.start({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: "200",
      EGRESS_ALLOW: "127.0.0.0/8",
    });
  });

  afterAll(async () => {
    await fleet?.stop();
    await Promise.all([collector?.stop(), receiver?.stop()]);
  });

  const inTrace = (traceId: string) => collector.spans.filter((span) => span.traceId === traceId);

  /** The spans of a trace by name, once those are there; none has a name that another has. */
  async function spansNamed(traceId: string, ...names: string[]): Promise<Record<string, ReceivedSpan>> {
    await expectEventually(() =>
      expect(inTrace(traceId).map(({ name }) => name)).toEqual(expect.arrayContaining(names)),
    );
    return Object.fromEntries(inTrace(traceId).map((span) => [span.name, span]));
  }

  it("one trace leads from the caller through the queue to the webhook", async () => {
    const caller = callerSpan();
    const webhook = { url: `${receiver.url}/secretpath?key=querysecret` };
    const job = await fleet.finished(
      postForm(`${fleet.url}/v1/jobs`, await portrait(), { task: "embed", webhook }, caller.headers),
    );
    const stages = ["fetch", "analyse", "decode", "detect", "embed", "store"];
    const spans = await spansNamed(caller.traceId, "POST /v1/jobs", "send faces", "process faces", ...stages, "POST");
    const { "POST /v1/jobs": request, "send faces": send, "process faces": process, POST: attempt } = spans;

    expect(inTrace(caller.traceId)).toHaveLength(10);
    expect([request, send, process, attempt].map((span) => span?.kind)).toEqual([server, producer, consumer, client]);
    expect([request, send, process, attempt].map((span) => span?.service)).toEqual([
      "facefleet-api",
      "facefleet-api",
      "facefleet-worker",
      "facefleet-worker",
    ]);
    expect(request).toMatchObject({
      parentSpanId: caller.spanId,
      attributes: { "http.route": "/v1/jobs", "http.response.status_code": 202, "facefleet.tenant": "default" },
    });
    expect(send?.parentSpanId).toBe(request?.spanId);
    expect(process).toMatchObject({
      parentSpanId: send?.spanId,
      attributes: { "facefleet.job.id": job.id, "facefleet.task": "embed", "messaging.destination.name": "faces" },
    });
    const parents = stages.map((name) => spans[name]?.parentSpanId);
    const { analyse } = spans;
    expect(parents).toEqual([process?.spanId, process?.spanId, ...Array(3).fill(analyse?.spanId), process?.spanId]);
    const nanos = (span: ReceivedSpan) => Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano));
    expect(nanos(spans.detect!)).toBeLessThanOrEqual(nanos(analyse!));
    expect(attempt).toMatchObject({
      parentSpanId: process?.spanId,
      attributes: { "facefleet.webhook.outcome": "delivered", "http.response.status_code": 204 },
    });
    const announced = receiver.received.find(({ body }) => body.includes(job.id));
    expect(announced?.headers.traceparent).toBe(`00-${caller.traceId}-${attempt?.spanId}-01`);

    const secrets = [secretTrace("a path", "secretpath"), secretTrace("a query", "querysecret")];
    const biometric = [
      ...imageTraces("portrait", await portrait()),
      ...resultTraces("result", job.result as AnalysisResult),
    ];
    expect(tracesIn(collector.bodies.join("\n"), [...secrets, ...biometric])).toEqual([]);
  });

  it("the simple endpoints are traced the same way, and probes are not", async () => {
    const caller = callerSpan();
    for (const path of ["/livez", "/readyz", "/health", "/metrics"]) {
      await (await fetch(fleet.url + path, { headers: caller.headers })).text();
    }
    expect((await postForm(`${fleet.url}/detect-face`, await portrait(), undefined, caller.headers)).status).toBe(200);
    const { "POST /detect-face": request, "send faces": send } = await spansNamed(
      caller.traceId,
      "POST /detect-face",
      "send faces",
      "process faces",
    );
    expect(request?.parentSpanId).toBe(caller.spanId);
    expect(send?.parentSpanId).toBe(request?.spanId);
    expect(inTrace(caller.traceId).filter(({ kind }) => kind === server)).toHaveLength(1);
  });

  it("a request whose caller does not wait for its answer has a span, too", async () => {
    const caller = callerSpan();
    const silent = createServer(() => undefined).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const image = { url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` };
    const { links } = (await (await postJson(`${fleet.url}/v1/jobs`, { task: "detect", image }, {})).json()) as Job;
    const waiting = fetch(`${fleet.url}${links.self}?wait=20`, {
      headers: caller.headers,
      signal: AbortSignal.timeout(200),
    });
    await expect(waiting).rejects.toMatchObject({ name: "TimeoutError" });
    const { "GET /v1/jobs/:id": request } = await spansNamed(caller.traceId, "GET /v1/jobs/:id");
    expect(request?.attributes).toMatchObject({ "error.type": "client_gone", "facefleet.tenant": "default" });
    await fleet.delete(links.self);
    silent.closeAllConnections();
    silent.close();
  });

  it("a job that is canceled while it is done has no span that failed", async () => {
    const caller = callerSpan();
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const asked = once(silent, "request");
    const image = { url: `http://127.0.0.1:${(silent.address() as AddressInfo).port}` };
    const answer = await postJson(`${fleet.url}/v1/jobs`, { task: "detect", image }, caller.headers);
    const { links } = (await answer.json()) as Job;
    await asked;
    await fleet.delete(links.self);
    const { fetch: stopped } = await spansNamed(caller.traceId, "fetch", "process faces");
    expect(stopped?.attributes).toMatchObject({ "facefleet.stopped": true });
    expect(inTrace(caller.traceId).filter(({ status }) => status.code === 2)).toEqual([]);
    silent.closeAllConnections();
    silent.close();
  });

  it("what is tried again has a span for each attempt, a job and a webhook; no image's host hears of the trace", async () => {
    const caller = callerSpan();
    const failing = await WebhookReceiver.start(inTurn(answering(503), answering(204)));
    const busy = await WebhookReceiver.start(inTurn(answering(500), answering(204)));
    const job = { task: "detect", image: { url: failing.url }, webhook: { url: busy.url } };
    const ended = await fleet.finished(postJson(`${fleet.url}/v1/jobs`, job, caller.headers));
    expect(ended).toMatchObject({ state: "failed", attempts: 2 });
    await expectEventually(() => {
      const processes = inTrace(caller.traceId).filter(({ kind }) => kind === consumer);
      expect(processes.map(({ attributes }) => attributes["facefleet.job.attempt"]).sort()).toEqual([1, 2]);
      expect(processes.map(({ attributes }) => attributes["error.type"])).toContain("image_unreachable");
      expect(processes.map(({ status }) => status.code)).toEqual([2, 2]);
    });
    await expectEventually(() => {
      const attempts = inTrace(caller.traceId).filter(({ kind }) => kind === client);
      expect(attempts.map(({ attributes }) => attributes["facefleet.webhook.outcome"])).toEqual([
        "refused",
        "delivered",
      ]);
      expect(attempts[1]?.attributes["http.request.resend_count"]).toBe(1);
      const sent = attempts.map(({ spanId }) => `00-${caller.traceId}-${spanId}-01`);
      expect(busy.received.map(({ headers }) => headers.traceparent)).toEqual(sent);
    });
    for (const { headers } of failing.received) expect(headers.traceparent).toBeUndefined();
    await Promise.all([failing.stop(), busy.stop()]);
  });

  it("the items of a batch have traces of their own, linked to its request; its webhook is in the request's", async () => {
    const caller = callerSpan();
    const absent = { s3: { bucket: "photos", key: "absent.png" } };
    const batch = { task: "detect", items: [absent, absent], webhook: { url: receiver.url } };
    expect((await postJson(`${fleet.url}/v1/batches`, batch, caller.headers)).status).toBe(202);
    const { "POST /v1/batches": request, POST: attempt } = await spansNamed(caller.traceId, "POST /v1/batches", "POST");
    expect(attempt?.parentSpanId).toBe(request?.spanId);
    await expectEventually(() => {
      const linked = collector.spans.filter(({ links }) => links.some(({ traceId }) => traceId === caller.traceId));
      expect(linked.map(({ name }) => name)).toEqual(["process faces", "process faces"]);
      expect(new Set(linked.map(({ traceId }) => traceId)).size).toBe(2);
    });
  });

  it("what a caller does not sample is handed on, and not sent", async () => {
    const caller = callerSpan("00");
    const job = { task: "detect", webhook: { url: receiver.url } };
    const { id } = await fleet.finished(postForm(`${fleet.url}/v1/jobs`, await portrait(), job, caller.headers));
    await expectEventually(() => expect(receiver.received.some(({ body }) => body.includes(id))).toBe(true));
    const announced = receiver.received.find(({ body }) => body.includes(id));
    expect(announced?.headers.traceparent).toMatch(new RegExp(`^00-${caller.traceId}-[0-9a-f]{16}-00$`));
    expect(inTrace(caller.traceId)).toEqual([]);
  });

  it("lines of the log name the trace", async () => {
    const caller = callerSpan();
    const logged = fleet.startProcess("api", { PORT: "0" });
    await expectEventually(() => expect(logged.output).toMatch(/listening at http:\S+\d/));
    const [, url] = /listening at (http:[^"\s]+)/.exec(logged.output)!;
    await (await fetch(`${url}/v1/jobs`, { headers: caller.headers })).text();
    await expectEventually(() => expect(logged.output).toContain(`"trace_id":"${caller.traceId}"`));
    expect(await logged.stop()).toBe(0);
    expect(inTrace(caller.traceId)).toMatchObject([{ name: "GET /v1/jobs" }]);
  });
});

describe("without a collector", () => {
  it("the SDK is not loaded, and what the caller named goes to the webhook as it came", async () => {
    const receiver = await WebhookReceiver.start();
    const fleet = await Fleet.start({ EGRESS_ALLOW: "127.0.0.0/8", NODE_DEBUG: "module" });
    const caller = callerSpan();
    const headers = { ...caller.headers, tracestate: "vendor=1" };
    const job = { task: "detect", webhook: { url: receiver.url } };
    await fleet.finished(postForm(`${fleet.url}/v1/jobs`, await portrait(), job, headers));
    await expectEventually(() => expect(receiver.received).toHaveLength(1));
    expect(receiver.received[0]?.headers).toMatchObject(headers);
    expect(fleet.output).toContain("opentelemetry/api");
    expect(fleet.output).not.toMatch(/opentelemetry\/(sdk|exporter|otlp)/);
    await fleet.stop();
    await receiver.stop();
  });

  it("one that does not answer neither holds requests up nor the stop", async () => {
    // Takes connections and says nothing.
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const fleet = await Fleet.start({}, { workers: 0 });
    const endpoint = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_BSP_SCHEDULE_DELAY: "50",
      PORT: "0",
    };
    const api = fleet.startProcess("api", endpoint);
    await expectEventually(() => expect(api.output).toMatch(/listening at http:\S+\d/));
    const [, url] = /listening at (http:[^"\s]+)/.exec(api.output)!;
    const began = performance.now();
    for (let i = 0; i < 50; i += 1) expect((await fetch(`${url}/v1/jobs`)).status).toBe(200);
    expect(performance.now() - began).toBeLessThan(5000);
    const stopping = performance.now();
    expect(await api.stop()).toBe(0);
    expect(performance.now() - stopping).toBeLessThan(5000);
    await fleet.stop();
    silent.closeAllConnections();
    silent.close();
  });
});
