import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { newApiKey } from "@facefleet/platform";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ApiRig, startApi } from "./api-rig.js";
import { form, imagePart } from "./form.js";
import { KeyHolder, KeysFile, keysOf } from "./keys-file.js";

const realm = 'Bearer realm="facefleet"';
const invalidToken = `${realm}, error="invalid_token"`;
const acme = new KeyHolder("acme");
const late = new KeyHolder("late", {}, "2020-01-01T00:00:00Z");

describe("with a file of API keys", () => {
  let file: KeysFile;
  let api: ApiRig;
  beforeAll(async () => {
    file = await KeysFile.create();
    await file.replace(keysOf(acme, late));
    api = await startApi({ API_KEYS_FILE: file.path });
  });
  afterAll(async () => {
    await api.close();
    await file.remove();
  });

  const list = (authorization?: string) =>
    api.inject({ url: "/v1/jobs", headers: authorization === undefined ? {} : { authorization } });

  it.each([
    ["as it is", `Bearer ${acme.key}`],
    ["whatever the case of the scheme", `bEARER ${acme.key}`],
    ["with more spaces", `Bearer   ${acme.key} `],
  ])("takes a key %s", async (_how, authorization) => {
    const answer = await list(authorization);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toEqual({ jobs: [] });
    expect(answer.headers).not.toHaveProperty("www-authenticate");
    expect(answer.headers).not.toHaveProperty("ratelimit-policy");
  });

  it.each([
    ["no header", undefined, realm],
    ["an empty header", "", realm],
    ["another scheme", `Basic ${Buffer.from(`acme:${acme.key}`).toString("base64")}`, realm],
    ["the key without a scheme", acme.key, realm],
    ["the scheme without a key", "Bearer ", realm],
    ["a key that nobody has", `Bearer ${newApiKey()}`, invalidToken],
    ["an expired key", `Bearer ${late.key}`, invalidToken],
    ["the hash of a key", `Bearer ${acme.entry.keys[0]?.sha256}`, invalidToken],
    ["two keys", `Bearer ${acme.key} ${acme.key}`, invalidToken],
    ["no key but other text", 'Bearer "é"', invalidToken],
  ])("refuses %s with a challenge", async (_what, authorization, challenge) => {
    const answer = await list(authorization);
    expect(answer.statusCode).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe(challenge);
    expect(answer.headers["content-type"]).toMatch(/^application\/problem\+json/);
    expect(answer.json()).toMatchObject({ code: "unauthorized", status: 401, retryable: false });
  });

  it("says the same of a key that has expired and one that never was", async () => {
    const [expired, unknown] = [await list(`Bearer ${late.key}`), await list(`Bearer ${newApiKey()}`)];
    const withoutId = (answer: typeof expired) => ({ ...answer.json<object>(), requestId: "" });
    expect(withoutId(expired)).toEqual(withoutId(unknown));
    expect(expired.body).not.toContain(late.key.slice(3, 12));
  });

  it.each([
    ["POST", "/v1/jobs"],
    ["GET", "/v1/jobs"],
    ["GET", "/v1/jobs/j0"],
    ["DELETE", "/v1/jobs/j0"],
    ["GET", "/v1/jobs/j0/events"],
    ["POST", "/v1/jobs/j0/retry"],
    ["POST", "/v1/batches"],
    ["GET", "/v1/batches/b0"],
    ["GET", "/v1/batches/b0/results"],
    ["DELETE", "/v1/batches/b0"],
    ["GET", "/v1/webhook-secret"],
    ["POST", "/v1/uploads"],
    ["GET", "/v1/models"],
    ["HEAD", "/v1/models"],
    ["POST", "/detect-face"],
    ["POST", "/extract-embedding"],
    ["POST", "/compare-faces"],
    ["GET", "/no-such-route"],
    ["DELETE", "/livez"],
    ["OPTIONS", "/v1/jobs"],
    ["GET", "/docs/no-such-page"],
  ] as const)("needs a key for %s %s, whether there is such a route or not", async (method, url) => {
    const answer = await api.inject({ method, url });
    expect(answer.statusCode).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe(realm);
  });

  it("knows no other route with a key", async () => {
    const answer = await api.inject({ url: "/no-such-route", headers: acme.headers });
    expect(answer.statusCode).toBe(404);
    expect(answer.json()).toMatchObject({ code: "route_not_found" });
  });

  it.each([
    ["/livez", 200],
    ["/readyz", 200],
    ["/health", 503],
    ["/metrics", 200],
    ["/openapi.json", 200],
    ["/docs", 302],
    ["/docs/", 200],
    ["/docs/json", 200],
    ["/docs/static/swagger-ui.css", 200],
    ["/docs/errors", 200],
  ])("answers %s without a key", async (url, status) => {
    for (const headers of [{}, { authorization: "Bearer wrong" }]) {
      expect((await api.inject({ url, headers })).statusCode).toBe(status);
    }
  });

  it("lets an upload URL be used without a key", async () => {
    const payload = { contentType: "image/jpeg", size: 4 };
    const asked = await api.inject({ method: "POST", url: "/v1/uploads", payload, headers: acme.headers });
    const { url, headers } = asked.json();
    const { pathname, search } = new URL(url);
    const put = { method: "PUT" as const, headers, payload: Buffer.from("1234") };
    expect((await api.inject({ ...put, url: pathname + search })).statusCode).toBe(204);
    const forged = await api.inject({ ...put, url: `${pathname}${search}0` });
    expect(forged.json()).toMatchObject({ code: "upload_url_invalid" });
  });

  it("answers at once with a key", async () => {
    const vector = Array.from({ length: 512 }, (_, index) => index + 1);
    const payload = { embedding1: vector, embedding2: vector };
    const answer = await api.inject({ method: "POST", url: "/compare-faces", payload, headers: acme.headers });
    expect(answer.json()).toMatchObject({ match: true });
  });

  it("keeps nothing of an image that came without a key", async () => {
    const uploads = async () => [await api.storedUploads(), await api.registeredUploads()];
    const before = await uploads();
    const answer = await api.inject(form("/detect-face", [imagePart()]));
    expect(answer.statusCode).toBe(401);
    expect(await uploads()).toEqual(before);
  });

  it("refuses before the body has come", async () => {
    await api.app.listen({ host: "127.0.0.1", port: 0 });
    const { port } = api.app.server.address() as AddressInfo;
    const headers = { "content-type": "application/json", "content-length": "1000000" };
    const request = httpRequest({ host: "127.0.0.1", port, method: "POST", path: "/v1/jobs", headers });
    request.on("error", () => undefined);
    request.write("{");
    const status = await new Promise((resolve) => request.on("response", ({ statusCode }) => resolve(statusCode)));
    expect(status).toBe(401);
    request.destroy();
  });
});

it("asks nobody for a key, and takes any, while no file is configured", async () => {
  const api = await startApi();
  try {
    for (const headers of [{}, { authorization: "Bearer anything" }]) {
      expect((await api.inject({ url: "/v1/jobs", headers })).statusCode).toBe(200);
    }
    expect((await api.inject({ url: "/no-such-route" })).statusCode).toBe(404);
  } finally {
    await api.close();
  }
});
