import type { WebhookAttempt } from "@facefleet/contracts";
import { generate } from "selfsigned";
import { describe, expect, it } from "vitest";
import {
  answering,
  type Behaviour,
  inTurn,
  verified,
  WebhookReceiver,
} from "../../../../../tests/support/webhook-receiver.js";
import { freePort } from "../../../../stack/src/index.js";
import { createLogger } from "../../../src/logging/index.js";
import { newEventId } from "../../../src/queue/webhooks/outbox.js";
import { startServer } from "../../egress/loopback-server.js";
import { WebhookBench } from "./webhook-bench.js";

const outcomes = (attempts: readonly WebhookAttempt[]) => attempts.map(({ outcome }) => outcome);
const silence: Behaviour = () => undefined;
const closing: Behaviour = (_response, _count, request) => request.socket.destroy();
const endless: Behaviour = (response) => {
  const more = () => {
    while (!response.destroyed && response.write("x".repeat(65_536)));
  };
  response.writeHead(200).on("drain", more);
  more();
};

/** The attempts of an event to a receiver that behaves so, once the event is in the state. */
async function attemptsOn(behave: Behaviour, state: "delivered" | "failed" | "disabled") {
  const bench = new WebhookBench();
  const receiver = await bench.receiver(behave);
  const { event } = await bench.ended(receiver.url);
  bench.delivering();
  return { bench, receiver, event, attempts: await bench.settled(event, state) };
}

/** Captures what is logged. */
function recorded() {
  const lines: {
    level: number;
    outcome?: string;
    cause?: string;
    err?: { message: string; cause?: { code?: string } };
  }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  return { lines, logger: createLogger({ name: "test", level: "info", format: "json", destination }) };
}

describe("why an attempt failed is told to its owner in a word, and to the log in full", () => {
  const down = async () => {
    const receiver = await WebhookReceiver.start();
    const { url } = receiver;
    await receiver.stop();
    return url;
  };
  const distrusted = async (bench: WebhookBench) => {
    const pems = await generate([{ name: "commonName", value: "127.0.0.1" }], { keyType: "ec", algorithm: "sha256" });
    const server = await startServer((_, response) => response.end(), { key: pems.private, cert: pems.cert });
    bench.onClose(() => server.stop());
    return `https://127.0.0.1:${server.port}/`;
  };
  const behaving = (behave: Behaviour) => async (bench: WebhookBench) => (await bench.receiver(behave)).url;
  const raw = (text: string) => behaving((_response, _count, { socket }) => void socket.end(text));

  it.each<[string, string, (bench: WebhookBench) => Promise<string>, RegExp]>([
    ["dns", "unreachable", async () => "http://nobody.invalid/", /nobody\.invalid/],
    ["refused", "unreachable", down, /ECONNREFUSED/],
    ["tls", "unreachable", distrusted, /DEPTH_ZERO_SELF_SIGNED_CERT/],
    ["closed", "unreachable", behaving(closing), /ECONNRESET/],
    ["malformed", "unreachable", raw("220 mail.test ESMTP\r\n"), /HPE_/],
    ["malformed", "unreachable", raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"), /whole HTTP answer/],
    ["timeout", "timeout", behaving(silence), /within 500 ms/],
    ["status", "refused", behaving(answering(500)), /"status":500/],
  ])("%s: %s", async (cause, outcome, open, told) => {
    const bench = new WebhookBench();
    const { lines, logger } = recorded();
    const { event } = await bench.ended(await open(bench));
    bench.delivering({ logger, retryDelaysMs: [] });
    expect(await bench.settled(event, "failed", 15_000)).toMatchObject([{ outcome, cause }]);
    const warning = lines.find(({ level }) => level === 40);
    expect(warning).toMatchObject({ outcome, cause });
    expect(JSON.stringify(warning)).toMatch(told);
  });

  it("once, however often it fails; each attempt has a line that warns of nothing", async () => {
    const bench = new WebhookBench();
    const { lines, logger } = recorded();
    const { event } = await bench.ended((await bench.receiver(answering(500))).url);
    bench.delivering({ logger });
    await bench.settled(event, "failed");
    const attempts = lines.filter(({ outcome }) => outcome === "refused");
    expect(attempts.filter(({ level }) => level === 30)).toHaveLength(4);
    expect(attempts.filter(({ level }) => level === 40)).toHaveLength(1);
  });
});

describe("a receiver that", () => {
  it.each([200, 202, 204])("answers %i has got its event", async (status) => {
    const { attempts, receiver } = await attemptsOn(answering(status), "delivered");
    expect(attempts).toEqual([
      { at: expect.any(String), durationMs: expect.any(Number), outcome: "delivered", status },
    ]);
    expect(receiver.received).toHaveLength(1);
  });

  it.each([400, 404, 500, 503])("answers %i gets it again, after a while", async (status) => {
    const { attempts, receiver } = await attemptsOn(inTurn(answering(status), answering(200)), "delivered");
    expect(outcomes(attempts)).toEqual(["refused", "delivered"]);
    expect(attempts[0]).toMatchObject({ status, nextAttemptAt: expect.any(String) });
    const [first, second] = receiver.received;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(95);
  });

  it("never takes it gets it as often as scheduled, and it is given up", async () => {
    const { attempts, receiver } = await attemptsOn(answering(400), "failed");
    expect(outcomes(attempts)).toEqual(["refused", "refused", "refused", "refused"]);
    expect(attempts.at(-1)).not.toHaveProperty("nextAttemptAt");
    expect(receiver.received).toHaveLength(4);
  });

  it("redirects is not followed, and asked again", async () => {
    const bench = new WebhookBench();
    const elsewhere = await bench.receiver();
    const receiver = await bench.receiver(inTurn(answering(302, { location: elsewhere.url }), answering(200)));
    const { event } = await bench.ended(receiver.url);
    bench.delivering();
    expect(outcomes(await bench.settled(event, "delivered"))).toEqual(["redirected", "delivered"]);
    expect(elsewhere.received).toEqual([]);
  });

  it("is slow is not waited for longer than the timeout", async () => {
    const { attempts } = await attemptsOn(inTurn(silence, answering(200)), "delivered");
    expect(outcomes(attempts)).toEqual(["timeout", "delivered"]);
    expect(attempts[0]!.durationMs).toBeGreaterThanOrEqual(490);
    expect(attempts[0]!.durationMs).toBeLessThan(2000);
  });

  it("closes the connection is asked again", async () => {
    const { attempts } = await attemptsOn(inTurn(closing, answering(200)), "delivered");
    expect(outcomes(attempts)).toEqual(["unreachable", "delivered"]);
  });

  it("answers without end is cut off, and has got its event", async () => {
    const { attempts } = await attemptsOn(endless, "delivered");
    expect(outcomes(attempts)).toEqual(["delivered"]);
    expect(attempts[0]!.durationMs).toBeLessThan(450);
  });

  it("is down gets it once it is up", async () => {
    const bench = new WebhookBench();
    const port = await freePort();
    const { event } = await bench.ended(`http://127.0.0.1:${port}/`);
    bench.delivering({ retryDelaysMs: [500, 500] });
    await expect.poll(async () => outcomes((await bench.events.attempts(event)).attempts)).toEqual(["unreachable"]);
    const receiver = await bench.receiver(answering(200), port);
    await bench.settled(event, "delivered");
    expect(receiver.ids).toEqual([event]);
  });

  it.each([
    ["seconds", () => "2"],
    ["a date", () => new Date(Date.now() + 2500).toUTCString()],
  ])("answers 429 with a Retry-After in %s is left alone for as long", async (_form, retryAfter) => {
    const busy: Behaviour = (response) => response.writeHead(429, { "retry-after": retryAfter() }).end();
    const { receiver, attempts } = await attemptsOn(inTurn(busy, answering(200)), "delivered");
    expect(outcomes(attempts)).toEqual(["refused", "delivered"]);
    const [first, second] = receiver.received;
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(1400);
    expect(second!.at - first!.at).toBeLessThan(6000);
  });

  it("answers 410 is sent nothing more, until a resend is taken", async () => {
    const { bench, receiver, event, attempts } = await attemptsOn(
      inTurn(answering(410), answering(410), answering(200)),
      "disabled",
    );
    expect(outcomes(attempts)).toEqual(["gone"]);
    const later = await bench.ended(receiver.url);
    expect(await bench.settled(later.event, "disabled")).toEqual([]);
    expect(receiver.received).toHaveLength(1);

    await bench.events.resend(event);
    await expect.poll(async () => (await bench.events.attempts(event)).attempts.length).toBe(2);
    expect((await bench.events.progress(event)).state).toBe("disabled");
    await bench.events.resend(event);
    await bench.settled(event, "delivered");
    const afterwards = await bench.ended(receiver.url);
    expect(outcomes(await bench.settled(afterwards.event, "delivered"))).toEqual(["delivered"]);
  });

  it("answered 410 to one tenant still hears from another", async () => {
    const { bench, receiver } = await attemptsOn(inTurn(answering(410), answering(200)), "disabled");
    const { event } = await bench.ended(receiver.url, { sent: { tenant: "other" } });
    await bench.settled(event, "delivered");
  });
});

describe("what is sent", () => {
  it("is signed, thin, and the same in each attempt but for its time", async () => {
    const { bench, receiver, event } = await attemptsOn(inTurn(answering(500), answering(200)), "delivered");
    const [first, second] = receiver.received;
    const secret = await bench.secret();
    const sent = verified(first!, secret) as { data: { id: string } };
    expect(verified(second!, secret)).toEqual(sent);
    expect(receiver.ids).toEqual([event, event]);
    expect(second!.body).toBe(first!.body);
    expect(first!.headers["content-type"]).toBe("application/json");
    const { id } = sent.data;
    expect(sent).toEqual({
      type: "job.succeeded",
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      data: {
        id,
        task: "embed",
        state: "succeeded",
        faces: 2,
        metadata: { album: "summer" },
        links: { self: `/v1/jobs/${id}`, events: `/v1/jobs/${id}/events` },
      },
    });
    expect(first!.body).not.toMatch(/embedding|box|confidence|0\.123456/);
  });

  it("says how the job ended", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    bench.delivering();
    await bench.ended(receiver.url, { job: { state: "failed" } });
    await bench.ended(receiver.url, { job: { state: "canceled" } });
    await expect.poll(() => receiver.received.length).toBe(2);
    const types = receiver.received.map(({ body }) => JSON.parse(body).type);
    expect(types.sort()).toEqual(["job.canceled", "job.failed"]);
  });

  it("announces a batch too", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const data = {
      id: "b1",
      task: "embed",
      state: "finished",
      counts: { total: 2, queued: 0, active: 0, succeeded: 1, failed: 1, canceled: 0 },
      links: { self: "/v1/batches/b1", results: "/v1/batches/b1/results" },
    };
    const id = newEventId();
    const createdAt = new Date().toISOString();
    const event = { kind: "batch", id, tenant: "acme", url: receiver.url, createdAt, data };
    await bench.redis.rpush(bench.keys.outbox, JSON.stringify(event));
    bench.delivering();
    await bench.settled(id, "delivered");
    const sent = verified(receiver.received[0]!, await bench.secret("acme"));
    expect(sent).toEqual({ type: "batch.finished", timestamp: createdAt, data });
  });

  it("carries two signatures while a secret is rotated: whoever has either can check it", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    bench.delivering();
    const before = await bench.secret();
    const { secret: after, previousUntil } = await bench.secrets.rotate("default");
    expect(Date.parse(previousUntil!) - Date.now()).toBeGreaterThan(23 * 3_600_000);
    await bench.settled((await bench.ended(receiver.url)).event, "delivered");
    const [received] = receiver.received;
    expect(verified(received!, before)).toEqual(verified(received!, after));
    expect(received!.headers["webhook-signature"]).toMatch(/^v1,\S+ v1,\S+$/);
    expect(() => verified(received!, `whsec_${Buffer.alloc(32).toString("base64")}`)).toThrow();
  });

  it("is signed by one secret again once the other's time is over", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const before = await bench.secret();
    await bench.secrets.rotate("default");
    const former = [{ secret: before, until: Date.now() - 1 }];
    await bench.redis.hset(bench.keys.webhookSecrets("default"), "former", JSON.stringify(former));
    bench.delivering();
    await bench.settled((await bench.ended(receiver.url)).event, "delivered");
    const [received] = receiver.received;
    expect(verified(received!, await bench.secret())).toBeDefined();
    expect(() => verified(received!, before)).toThrow();
    expect(await bench.secrets.current("default")).not.toHaveProperty("previousUntil");
  });

  it("is signed by every secret of the last 24 hours, ten at most, however often one was rotated", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const all = [await bench.secret()];
    for (let times = 0; times < 12; times++) {
      const { secret } = await bench.secrets.rotate("default");
      expect((await bench.secrets.rotate("default")).secret).toBe(secret);
      all.unshift(secret);
      // As if it was more than five minutes ago.
      await bench.redis.hset(bench.keys.webhookSecrets("default"), "rotatedAt", Date.now() - 301_000);
    }
    bench.delivering();
    await bench.settled((await bench.ended(receiver.url)).event, "delivered");
    const [received] = receiver.received;
    for (const secret of all.slice(0, 11)) expect(verified(received!, secret)).toBeDefined();
    for (const secret of all.slice(11)) expect(() => verified(received!, secret)).toThrow();
  });

  it("is signed by what the version before this one kept", async () => {
    const bench = new WebhookBench();
    const receiver = await bench.receiver();
    const older = await bench.secret();
    const newer = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
    const key = bench.keys.webhookSecrets("default");
    await bench.redis.hset(key, { secret: newer, previous: older, previousUntil: Date.now() + 60_000 });
    bench.delivering();
    await bench.settled((await bench.ended(receiver.url)).event, "delivered");
    for (const secret of [older, newer]) expect(verified(receiver.received[0]!, secret)).toBeDefined();
    const { secret: newest } = await bench.secrets.rotate("default");
    await bench.settled((await bench.ended(receiver.url)).event, "delivered");
    for (const secret of [older, newer, newest]) expect(verified(receiver.received[1]!, secret)).toBeDefined();
  });

  it("is signed by a secret that all who need it first at once agree on", async () => {
    const bench = new WebhookBench();
    const secrets = await Promise.all(Array.from({ length: 20 }, () => bench.secret()));
    expect(new Set(secrets).size).toBe(1);
    expect(secrets[0]).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(await bench.secret("other")).not.toBe(secrets[0]);
  });
});
