import type { Job, Problem, Upload } from "@facefleet/contracts";
import { createLogger } from "@facefleet/platform";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { type ApiRig, startApi } from "./api-rig.js";
import { KeyHolder, KeysFile, keysOf } from "./keys-file.js";

const payload = { task: "detect", image: { s3: { bucket: "local", key: "a.jpg" } } };
const forwarded = {
  "x-forwarded-proto": "https",
  "x-forwarded-host": "example.com",
  "x-forwarded-prefix": "/outer, /faces/",
};

describe("the addresses in answers", () => {
  let api: ApiRig;
  afterEach(() => api.close());

  /** What a job that is submitted, a problem, and an upload give as addresses, less what is in every run another. */
  async function given(headers: Record<string, string> = {}, remoteAddress = "127.0.0.1") {
    const at = { headers, remoteAddress };
    const submitted = await api.inject({ method: "POST", url: "/v1/jobs", payload, ...at });
    const { id, links } = submitted.json<Job>();
    const { type } = (await api.inject({ url: "/v1/jobs/none", ...at })).json<Problem>();
    const wanted = { contentType: "image/png", size: 10 };
    const place = (await api.inject({ method: "POST", url: "/v1/uploads", payload: wanted, ...at })).json<Upload>();
    const described = (await api.inject({ url: "/openapi.json", ...at })).json();
    const self = links.self.replace(id, "");
    expect(submitted.headers.location).toBe(links.self);
    expect(links.events).toBe(`${links.self}/events`);
    return { self, type, upload: place.url.replace(/[0-9a-f]{32}\?.*/, ""), servers: described.servers };
  }

  const below = (base: string) => ({
    self: `${base}/v1/jobs/`,
    type: `${base}/docs/errors#job_not_found`,
    upload: `${base}/v1/uploads/`,
    servers: [{ url: base }],
  });

  it("are paths where nobody has said how callers know the API", async () => {
    api = await startApi({ AUTH: "none", ALLOWED_HOSTS: "asked.test" });
    expect(await given({ ...forwarded, host: "asked.test:81" })).toEqual({
      self: "/v1/jobs/",
      type: "/docs/errors#job_not_found",
      upload: "http://asked.test:81/v1/uploads/",
      servers: [{ url: "/" }],
    });
  });

  it("begin with PUBLIC_URL, whatever the request says, and it is a host that may be asked", async () => {
    api = await startApi({ PUBLIC_URL: "https://faces.test/v2/", TRUST_PROXY: "loopback" });
    const { "x-forwarded-host": _, ...others } = forwarded;
    expect(await given({ ...others, host: "faces.test" })).toEqual(below("https://faces.test/v2"));
  });

  it("begin with what a trusted proxy says, and with nothing of what others do", async () => {
    api = await startApi({ AUTH: "none", HOST: "0.0.0.0", TRUST_PROXY: "10.0.0.0/8" });
    expect(await given(forwarded, "10.1.2.3")).toEqual(below("https://example.com/outer/faces"));
    expect(await given({ host: "other.test", "x-forwarded-proto": "https" }, "10.1.2.3")).toEqual(
      below("https://other.test"),
    );
    expect((await given({ ...forwarded, host: "other.test" }, "192.168.1.1")).self).toBe("/v1/jobs/");
    expect((await given({ host: "other.test" }, "10.1.2.3")).self).toBe("/v1/jobs/");
  });

  it("are those of problems, too, that come before there is a route", async () => {
    api = await startApi({ PUBLIC_URL: "https://faces.test/v2/" });
    const answer = await api.inject({ url: "/v1/jobs/%", headers: { host: "faces.test" } });
    expect(answer.json()).toMatchObject({ type: "https://faces.test/v2/docs/errors#invalid_request" });
  });

  it.each([
    ["x-forwarded-proto", "javascript", "http://example.com/outer/faces"],
    ["x-forwarded-prefix", "//evil.example", "https://example.com"],
    ["x-forwarded-prefix", '/a"b', "https://example.com"],
  ])("take nothing that is none from %s: %s", async (name, value, base) => {
    api = await startApi({ AUTH: "none", HOST: "0.0.0.0", TRUST_PROXY: "loopback" });
    expect((await given({ ...forwarded, [name]: value })).self).toBe(`${base}/v1/jobs/`);
  });

  it("are refused for a host that no proxy was asked for, where there are no keys", async () => {
    api = await startApi({ TRUST_PROXY: "loopback" });
    const headers = { host: "127.0.0.1", ...forwarded };
    expect((await api.inject({ url: "/v1/jobs", headers })).json()).toMatchObject({ code: "host_forbidden" });
  });

  it.each([
    ["ftp://example.com", "Expected an http or https URL"],
    ["example.com/faces", "Expected a URL such as"],
    ["https://a:b@example.com", "Expected a URL without a user name"],
    ["https://example.com/?a=b", "Expected a URL without a query or a fragment"],
  ])("refuse PUBLIC_URL=%s", async (PUBLIC_URL, message) => {
    await expect(startApi({ PUBLIC_URL })).rejects.toThrow(`PUBLIC_URL: ${message}`);
    api = await startApi();
  });
});

it("says in the log who was refused for a wrong key, and of nobody else where they are", async () => {
  const file = await KeysFile.create();
  onTestFinished(() => file.remove());
  const acme = new KeyHolder("acme");
  await file.replace(keysOf(acme));
  const lines: { msg: string; status: number; client?: string }[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const logger = createLogger({ name: "test", level: "info", format: "json", destination });
  const api = await startApi({ API_KEYS_FILE: file.path, TRUST_PROXY: "loopback" }, logger);
  onTestFinished(() => api.close());
  const from = { "x-forwarded-for": "203.0.113.9, 127.0.0.1" };
  await api.inject({ url: "/v1/jobs", headers: { ...from, authorization: "Bearer wrong" } });
  await api.inject({ url: "/v1/jobs", headers: { ...from, ...acme.headers } });
  const answered = lines.filter(({ msg }) => msg === "answered").map(({ status, client }) => [status, client]);
  expect(answered).toEqual([
    [401, "203.0.113.9"],
    [200, undefined],
  ]);
});
