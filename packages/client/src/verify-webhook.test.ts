import { Webhook } from "standardwebhooks";
import { expect, it } from "vitest";
import { verifyWebhook } from "./verify-webhook.js";
import { type WebhookFault, WebhookVerificationError } from "./webhook-verification-error.js";

/* Signed by the reference implementation of Standard Webhooks. */

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const otherSecret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const event = {
  type: "job.succeeded",
  timestamp: "2026-01-01T00:00:00.000Z",
  data: {
    id: "j1",
    task: "embed",
    state: "succeeded",
    faces: 2,
    metadata: { name: "Zoë" },
    links: { self: "/v1/jobs/j1", events: "/v1/jobs/j1/events" },
  },
};
const body = JSON.stringify(event);

function signed({ with: signer = secret, secondsAgo = 0, id = "msg_1", text = body } = {}) {
  const at = new Date(Math.floor(Date.now() / 1000 - secondsAgo) * 1000);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(at.getTime() / 1000),
    "webhook-signature": new Webhook(signer).sign(id, at, text),
  };
}

it("returns the event of a message that was signed with the secret", async () => {
  expect(await verifyWebhook({ headers: signed(), body, secret })).toEqual(event);
});

it("takes the body as bytes and the headers in any form", async () => {
  const bytes = new TextEncoder().encode(body);
  const headers = signed();
  expect(await verifyWebhook({ headers: new Headers(headers), body: bytes, secret })).toEqual(event);
  const upper = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toUpperCase(), value]));
  expect(await verifyWebhook({ headers: upper, body: bytes.buffer, secret })).toEqual(event);
  expect(await verifyWebhook({ headers, body: Buffer.from(body), secret: secret.slice("whsec_".length) })).toEqual(
    event,
  );
});

it("takes a message while its secret is replaced, on either side", async () => {
  const old = signed();
  const replaced = signed({ with: otherSecret });
  const both = { ...old, "webhook-signature": `${replaced["webhook-signature"]} ${old["webhook-signature"]}` };
  expect(await verifyWebhook({ headers: both, body, secret })).toEqual(event);
  expect(await verifyWebhook({ headers: both, body, secret: otherSecret })).toEqual(event);
  expect(await verifyWebhook({ headers: replaced, body, secret: [secret, otherSecret] })).toEqual(event);
});

it("passes over signatures of versions that it does not know", async () => {
  const headers = signed();
  const known = headers["webhook-signature"];
  const more = { ...headers, "webhook-signature": `v1a,AAAA v2,BBBB ${known}` };
  expect(await verifyWebhook({ headers: more, body, secret })).toEqual(event);
  await expectFault({ headers: { ...headers, "webhook-signature": known.replace("v1,", "v2,") } }, "wrong_signature");
});

it("refuses what was not signed with the secret", async () => {
  await expectFault({ headers: signed({ with: otherSecret }) }, "wrong_signature");
  await expectFault({ body: body.replace("j1", "j2") }, "wrong_signature");
  await expectFault({ headers: { ...signed(), "webhook-id": "msg_2" } }, "wrong_signature");
  const { "webhook-timestamp": timestamp, ...rest } = signed({ secondsAgo: 10 });
  await expectFault({ headers: { ...rest, "webhook-timestamp": String(Number(timestamp) + 1) } }, "wrong_signature");
  await expectFault({ headers: { ...signed(), "webhook-signature": "v1,not/base64?" } }, "wrong_signature");
  await expectFault({ headers: { ...signed(), "webhook-signature": "v1," } }, "wrong_signature");
});

it("refuses what is old or from the future, beyond the tolerance", async () => {
  await expectFault({ headers: signed({ secondsAgo: 310 }) }, "too_old");
  await expectFault({ headers: signed({ secondsAgo: -310 }) }, "too_new");
  expect(await verifyWebhook({ headers: signed({ secondsAgo: 290 }), body, secret })).toEqual(event);
  expect(await verifyWebhook({ headers: signed({ secondsAgo: 310 }), body, secret, toleranceSeconds: 400 })).toEqual(
    event,
  );
  await expectFault({ headers: signed({ secondsAgo: 20 }), toleranceSeconds: 10 }, "too_old");
});

it.each(["webhook-id", "webhook-timestamp", "webhook-signature"] as const)(
  "refuses a message without %s",
  async (name) => {
    const { [name]: _, ...headers } = signed();
    await expectFault({ headers }, "bad_headers");
    await expectFault({ headers: new Headers(headers) }, "bad_headers");
    await expectFault({ headers: { ...headers, [name]: ["1", "2"] } }, "bad_headers");
  },
);

it("refuses a timestamp that is no number of seconds", async () => {
  for (const timestamp of ["soon", "1.5", "-1", "1e9", "99999999999999999999"]) {
    await expectFault({ headers: { ...signed(), "webhook-timestamp": timestamp } }, "bad_headers");
  }
});

it("refuses what is genuine but no event", async () => {
  for (const text of ["", "[", "null", "{}", '{"type":"job.failed"}', '{"type":"job.failed","data":null}']) {
    await expectFault({ headers: signed({ text }), body: text }, "bad_body");
  }
});

it("tells the receiver's own mistakes from a wrong message", async () => {
  const headers = signed();
  for (const wrong of ["", "whsec_", "whsec_?secret?", []]) {
    const verifying = verifyWebhook({ headers, body, secret: wrong });
    await expect(verifying).rejects.toThrow(TypeError);
    await expect(verifying).rejects.not.toThrow(/\?secret\?/);
  }
  await expect(verifyWebhook({ headers, body: event as never, secret })).rejects.toThrow(/as it was received/);
});

async function expectFault(request: Partial<Parameters<typeof verifyWebhook>[0]>, fault: WebhookFault): Promise<void> {
  const verifying = verifyWebhook({ headers: signed(), body, secret, ...request });
  await expect(verifying).rejects.toBeInstanceOf(WebhookVerificationError);
  await expect(verifying).rejects.toMatchObject({ fault });
}
