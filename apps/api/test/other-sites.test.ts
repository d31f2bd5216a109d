import { connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { type ApiRig, startApi } from "./api-rig.js";
import { form, imagePart, jobPart } from "./form.js";
import { KeyHolder, KeysFile, keysOf } from "./keys-file.js";

type Headers = Record<string, string>;
let api: ApiRig;

const start = async (settings: Record<string, string> = {}) => {
  api = await startApi(settings);
};
const ask = async (headers: Headers, url = "/v1/webhook-secret", method: "GET" | "POST" = "GET") =>
  (await api.inject({ method, url, headers })).statusCode;

const forbidden = (code: string) => ({ status: 403, code });
const foreign: Headers = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" };

describe("on loopback without keys", () => {
  beforeAll(() => start());
  afterAll(() => api.close());

  it.each([
    "localhost",
    "localhost:3000",
    "LOCALHOST.",
    "photos.localhost:80",
    "127.0.0.1:3000",
    "127.8.8.8",
    "[::1]:3000",
  ])("the host %s is asked", async (host) => expect(await ask({ host })).toBe(200));

  it.each([
    "evil.example",
    "evil.example:3000",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "10.0.0.1",
    "0.0.0.0",
    "[::2]",
    "a b",
    "127.0.0.1@evil.example",
  ])("the host %j is refused, on every address", async (host) => {
    for (const url of ["/v1/webhook-secret", "/livez", "/metrics", "/docs", "/openapi.json", "/nothing", "/v1/jobs"]) {
      const answer = await api.inject({ url, headers: { host } });
      expect(answer.json()).toMatchObject(forbidden("host_forbidden"));
    }
  });

  it("who names no host is no browser", async () => {
    const { port } = new URL(await api.app.listen({ host: "127.0.0.1", port: 0 }));
    const socket = connect(Number(port), "127.0.0.1").setEncoding("utf8");
    socket.write("GET /livez HTTP/1.0\r\n\r\n");
    const [answer] = await new Promise<[string]>((resolve) => socket.once("data", (text: string) => resolve([text])));
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  it.each<[string, Headers]>([
    ["says that it is another site's", foreign],
    ["comes from another site", { origin: "https://evil.example" }],
    ["comes from a page without a site", { origin: "null" }],
    ["comes from a site that only looks like this machine", { origin: "https://localhost.evil.example" }],
    [
      "submits a form",
      { ...foreign, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", origin: "https://evil.example" },
    ],
  ])("a request that %s changes nothing", async (_, headers) => {
    for (const [url, method] of [
      ["/v1/webhook-secret/rotate", "POST"],
      ["/v1/jobs", "POST"],
      ["/detect-face", "POST"],
      ["/nothing", "POST"],
    ] as const) {
      const answer = await api.inject({ method, url, headers });
      expect(answer.json(), url).toMatchObject(forbidden("site_forbidden"));
    }
    const sent = form("/v1/jobs", [jobPart({ task: "detect" }), imagePart()]);
    const answer = await api.inject({ ...sent, headers: { ...sent.headers, ...headers } });
    expect(answer.json()).toMatchObject(forbidden("site_forbidden"));
    expect([await api.storedUploads(), (await api.jobs.depth()).waiting]).toEqual([[], 0]);
  });

  it.each<Headers>([
    { ...foreign, "sec-fetch-dest": "iframe", "sec-fetch-mode": "navigate" },
    { ...foreign, "sec-fetch-dest": "image", "sec-fetch-mode": "no-cors" },
    foreign,
  ])("nothing is read for another site: %j", async (headers) => expect(await ask(headers)).toBe(403));

  it("a link on another site leads here", async () => {
    const link = { ...foreign, "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    expect(await ask(link, "/docs/")).toBe(200);
  });

  it.each<Headers>([
    { "sec-fetch-site": "same-origin", origin: "http://localhost:3000" },
    { "sec-fetch-site": "same-site", origin: "http://localhost:5173" },
    { "sec-fetch-site": "none" },
    { origin: "http://127.0.0.1:3000" },
    {},
  ])("pages of this machine, and programs, may ask: %j", async (headers) => {
    expect(await ask(headers, "/v1/webhook-secret/rotate", "POST")).toBe(200);
  });
});

describe("behind a proxy on the same machine", () => {
  it("names that the operator allows are served, with their pages", async () => {
    await start({ ALLOWED_HOSTS: "Faces.example.com, photos" });
    onTestFinished(() => api.close());
    const host = "Faces.Example.com";
    expect(await ask({ host, origin: "https://faces.example.com" })).toBe(200);
    expect(await ask({ host: "localhost:3000" })).toBe(200);
    expect(await ask({ host, origin: "https://evil.example" })).toBe(403);
    expect(await ask({ host: "other.example.com" })).toBe(403);
  });

  it("no fault in the names is let pass", async () => {
    for (const name of ["faces.example.com:443", "https://faces.example.com", "a b"]) {
      await expect(startApi({ ALLOWED_HOSTS: name })).rejects.toThrow(/ALLOWED_HOSTS: Expected host names/);
    }
  });
});

describe("an origin that the operator admits", () => {
  const origin = "https://app.example.com";
  const page: Headers = { ...foreign, origin };

  it("is answered without keys, and no other is", async () => {
    await start({ CORS_ORIGINS: `${origin}, https://two.example.com` });
    onTestFinished(() => api.close());
    const answer = await api.inject({ url: "/v1/jobs/none", headers: page });
    expect(answer.headers).toMatchObject({ "access-control-allow-origin": origin, vary: "Origin" });
    expect(answer.headers["access-control-expose-headers"]).toContain("location");
    expect(answer.headers["access-control-allow-credentials"]).toBeUndefined();
    expect(answer.json()).toMatchObject({ code: "job_not_found" });
    const other = await api.inject({ url: "/v1/jobs", headers: { ...foreign, origin: "https://evil.example" } });
    expect(other.json()).toMatchObject(forbidden("site_forbidden"));
    expect(other.headers["access-control-allow-origin"]).toBeUndefined();
    expect(await ask({ ...foreign, "sec-fetch-mode": "no-cors" })).toBe(403);
  });

  it("may ask beforehand, without a key, what it may send", async () => {
    const file = await KeysFile.create();
    onTestFinished(() => file.remove());
    await file.replace(keysOf(new KeyHolder("acme")));
    await start({ CORS_ORIGINS: "*", API_KEYS_FILE: file.path });
    onTestFinished(() => api.close());
    const asked = { "access-control-request-method": "DELETE", "access-control-request-headers": "authorization" };
    const answer = await api.inject({ method: "OPTIONS", url: "/v1/jobs/j1", headers: { ...page, ...asked } });
    expect(answer.statusCode).toBe(204);
    expect(answer.headers).toMatchObject({ "access-control-allow-origin": "*", "access-control-max-age": "7200" });
    expect(answer.headers["access-control-allow-methods"]).toContain("DELETE");
    expect(answer.headers["access-control-allow-headers"]).toContain("authorization");
    const refused = await api.inject({ url: "/v1/jobs", headers: page });
    expect(refused.statusCode).toBe(401);
    expect(refused.headers["access-control-allow-origin"]).toBe("*");
  });

  it("has to be named where there are no keys, and as browsers write it", async () => {
    await expect(startApi({ CORS_ORIGINS: "*" })).rejects.toThrow(/CORS_ORIGINS: Expected origins by name/);
    for (const bad of ["app.example.com", "https://app.example.com/", "https://*.example.com/a"]) {
      await expect(startApi({ CORS_ORIGINS: bad })).rejects.toThrow(/CORS_ORIGINS: Expected origins such as/);
    }
  });

  it("is none unless told", async () => {
    await start();
    onTestFinished(() => api.close());
    const asked = { "access-control-request-method": "GET" };
    const answer = await api.inject({ method: "OPTIONS", url: "/v1/jobs", headers: { ...page, ...asked } });
    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
    expect(answer.statusCode).toBe(403);
  });
});

describe("with AUTH=none", () => {
  afterEach(() => api.close());

  it("every host is served, unless some are named, and no page of another site", async () => {
    await start({ AUTH: "none", HOST: "0.0.0.0" });
    expect(await ask({ host: "faces.internal", origin: "https://faces.internal" })).toBe(200);
    expect(await ask({ host: "faces.internal", ...foreign })).toBe(403);
    expect(await ask({ host: "faces.internal", origin: "https://evil.example" })).toBe(403);
    await api.close();
    await start({ AUTH: "none", HOST: "0.0.0.0", ALLOWED_HOSTS: "faces.internal" });
    const asked = ["faces.internal", "172.18.0.5:3000", "[fd12::1]:3000", "localhost:3000", "evil.example"];
    expect(await Promise.all(asked.map((host) => ask({ host })))).toEqual([200, 200, 200, 200, 403]);
  });
});

describe("with keys", () => {
  it("whoever shows one may be of any site", async () => {
    const file = await KeysFile.create();
    const acme = new KeyHolder("acme");
    await file.replace(keysOf(acme));
    await start({ API_KEYS_FILE: file.path });
    expect(await ask({ ...acme.headers, ...foreign, host: "faces.example.com", origin: "https://app.example" })).toBe(
      200,
    );
    await api.close();
    await start({ API_KEYS_FILE: file.path, ALLOWED_HOSTS: "faces.example.com" });
    expect(await ask({ ...acme.headers, ...foreign, host: "faces.example.com" })).toBe(200);
    expect(await ask({ ...acme.headers, host: "evil.example" })).toBe(403);
    await api.close();
    await file.remove();
  });
});

describe("every answer", () => {
  it("keeps other sites' frames and guesses out", async () => {
    await start();
    onTestFinished(() => api.close());
    for (const url of [
      "/",
      "/docs",
      "/docs/static/index.html",
      "/docs/errors",
      "/openapi.json",
      "/v1/models",
      "/nothing",
      "/livez",
    ]) {
      const { headers } = await api.inject({ url });
      expect(headers, url).toMatchObject({
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "content-security-policy": expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      });
      expect(headers["content-security-policy"], url).not.toMatch(/https?:|script-src[^;]*unsafe/);
    }
  });

  it.each([
    [{}, "https://store.example"],
    [{ S3_FORCE_PATH_STYLE: "false" }, "https://photos.store.example"],
    [{ S3_FORCE_PATH_STYLE: "false", S3_OWN_BUCKET: "own" }, "https://own.store.example"],
    // No certificate is for a name of two parts below the store's.
    [{ S3_FORCE_PATH_STYLE: "false", S3_OWN_BUCKET: "my.own" }, "https://store.example"],
  ])("lets the console send uploads to the store that callers know, and nowhere else: %j", async (settings, store) => {
    const credentials = { S3_ACCESS_KEY_ID: "id", S3_SECRET_ACCESS_KEY: "secret" };
    await start({ S3_BUCKET: "photos", S3_PUBLIC_ENDPOINT: "https://store.example/", ...credentials, ...settings });
    onTestFinished(() => api.close());
    const { headers } = await api.inject({ url: "/" });
    expect(headers["content-security-policy"]).toContain(`; connect-src 'self' ${store};`);
    const docs = await api.inject({ url: "/docs/static/index.html" });
    expect(docs.headers["content-security-policy"]).not.toContain(store);
  });
});
