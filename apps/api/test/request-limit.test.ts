import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { RedisServer } from "../../../tests/support/redis-server.js";
import { type ApiRig, startApi } from "./api-rig.js";
import { form, imagePart } from "./form.js";
import { KeyHolder, KeysFile, keysOf } from "./keys-file.js";

const acme = new KeyHolder("acme", { requestsPerMinute: 3 });
const umbrella = new KeyHolder("umbrella", { requestsPerMinute: 3 });
const free = new KeyHolder("free");

let file: KeysFile;
beforeEach(async () => {
  file = await KeysFile.create();
  await file.replace(keysOf(acme, umbrella, free));
});
afterEach(() => file.remove());

async function start(env: Record<string, string> = {}): Promise<ApiRig> {
  const api = await startApi({ API_KEYS_FILE: file.path, ...env });
  onTestFinished(() => api.close());
  return api;
}

describe("a tenant's requests", () => {
  it("are in the metrics, and nobody else's with a name", async () => {
    const api = await start();
    for (let times = 0; times < 4; times++) await api.inject({ url: "/v1/jobs", headers: acme.headers });
    await api.inject({ url: "/v1/jobs", headers: { authorization: "Bearer nobody" } });
    const { body } = await api.inject({ url: "/metrics" });
    expect(body.match(/^facefleet_tenant_re\w+_total\{.*$/gm)).toEqual([
      'facefleet_tenant_requests_total{tenant="acme"} 4',
      'facefleet_tenant_refusals_total{tenant="acme",code="rate_limited"} 1',
    ]);
  });

  it("are counted by all processes together, and refused past the limit", async () => {
    const one = await start();
    const other = await start({ QUEUE_PREFIX: one.config.QUEUE_PREFIX });
    const ask = (api: ApiRig, url = "/v1/jobs") => api.inject({ url, headers: acme.headers });
    const first = await ask(one);
    expect(first.headers).toMatchObject({
      "ratelimit-policy": '"per-minute";q=3;w=60',
      ratelimit: '"per-minute";r=2;t=60',
    });
    expect(first.headers).not.toHaveProperty("retry-after");
    const second = await ask(other, "/v1/jobs/j0");
    expect([second.statusCode, second.headers.ratelimit]).toEqual([
      404,
      expect.stringMatching(/^"per-minute";r=1;t=\d+$/),
    ]);
    const third = await ask(other, "/no-such-route");
    expect([third.statusCode, third.headers.ratelimit]).toEqual([
      404,
      expect.stringMatching(/^"per-minute";r=0;t=\d+$/),
    ]);
    for (const api of [one, other]) {
      const refused = await ask(api);
      expect(refused.statusCode).toBe(429);
      expect(refused.json()).toMatchObject({ code: "rate_limited", status: 429, retryable: true });
      const { "retry-after": wait, ratelimit, "ratelimit-policy": policy } = refused.headers;
      expect(Number(wait)).toBeGreaterThan(50);
      expect(Number(wait)).toBeLessThanOrEqual(60);
      expect(ratelimit).toBe(`"per-minute";r=0;t=${wait}`);
      expect(policy).toBe('"per-minute";q=3;w=60');
    }
    const neighbour = await one.inject({ url: "/v1/jobs", headers: umbrella.headers });
    expect([neighbour.statusCode, neighbour.headers.ratelimit]).toEqual([200, '"per-minute";r=2;t=60']);
  });

  it("are not counted when they carry no valid key, or need none", async () => {
    const api = await start();
    for (let request = 0; request < 5; request++) {
      const wrong = await api.inject({ url: "/v1/jobs", headers: { authorization: `Bearer ${acme.key}x` } });
      expect(wrong.headers).not.toHaveProperty("ratelimit-policy");
      await api.inject({ url: "/livez", headers: acme.headers });
    }
    const answer = await api.inject({ url: "/v1/jobs", headers: acme.headers });
    expect(answer.headers.ratelimit).toBe('"per-minute";r=2;t=60');
  });

  it("are one when they wait", async () => {
    const api = await start();
    const payload = { task: "detect", image: { s3: { bucket: "photos", key: "a.jpg" } } };
    const job = await api.inject({ method: "POST", url: "/v1/jobs", payload, headers: acme.headers });
    expect(job.statusCode).toBe(202);
    const waited = await api.inject({ url: `${job.json().links.self}?wait=2`, headers: acme.headers });
    expect(waited.headers.ratelimit).toMatch(/;r=1;/);
  });

  it("are refused before an image is read", async () => {
    const api = await start();
    for (let request = 0; request < 3; request++) await api.inject({ url: "/v1/jobs", headers: acme.headers });
    const refused = await api.inject(form("/detect-face", [imagePart()], acme.headers));
    expect(refused.statusCode).toBe(429);
    expect(await api.registeredUploads()).toEqual([]);
  });

  it("are any number without a limit, and nothing is said of one", async () => {
    const api = await start();
    for (let request = 0; request < 5; request++) {
      const { statusCode, headers } = await api.inject({ url: "/v1/jobs", headers: free.headers });
      expect(statusCode).toBe(200);
      expect(Object.keys(headers).filter((name) => name.startsWith("ratelimit"))).toEqual([]);
    }
  });

  it("have the limit that the file says now", async () => {
    const api = await start();
    const policy = async () =>
      (await api.inject({ url: "/v1/jobs", headers: acme.headers })).headers["ratelimit-policy"];
    expect(await policy()).toBe('"per-minute";q=3;w=60');
    const entry = { ...acme.entry, requestsPerMinute: 1000 };
    await file.replace(JSON.stringify({ tenants: { acme: entry } }));
    await eventually(async () => (await policy()) === '"per-minute";q=1000;w=60');
    expect((await api.inject({ url: "/v1/jobs", headers: acme.headers })).statusCode).toBe(200);
  });

  it("are counted by each process while Redis is away, and not refused for that: what needs it says so", async () => {
    const redis = await RedisServer.start();
    onTestFinished(() => redis.remove());
    const api = await start({ REDIS_URL: redis.url });
    await api.inject({ url: "/v1/jobs", headers: acme.headers });
    await redis.stop();
    const vector = Array.from({ length: 512 }, (_, index) => index + 1);
    const compare = {
      method: "POST" as const,
      url: "/compare-faces",
      payload: { embedding1: vector, embedding2: vector },
    };
    const compared = await api.inject({ ...compare, headers: acme.headers });
    expect([compared.statusCode, compared.headers["ratelimit-policy"]]).toEqual([200, '"per-minute";q=3;w=60']);
    const started = Date.now();
    const list = await api.inject({ url: "/v1/jobs", headers: acme.headers });
    expect(Date.now() - started).toBeLessThan(10_000);
    expect([list.statusCode, list.json().code]).toEqual([503, "queue_unavailable"]);
    for (let request = 0; request < 2; request++) await api.inject({ ...compare, headers: acme.headers });
    const refused = await api.inject({ ...compare, headers: acme.headers });
    expect([refused.statusCode, refused.json().code]).toEqual([429, "rate_limited"]);
    expect((await api.inject({ url: "/v1/jobs" })).statusCode).toBe(401);
  });
});
