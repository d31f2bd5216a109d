import { existsSync } from "node:fs";
import type { Batch, BatchList, Job, JobList, Problem, Upload, WebhookEvent } from "@facefleet/contracts";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { selfSigned } from "../packages/platform/test/self-signed.js";
import { Fleet } from "./support/fleet.js";
import { noNginx, ProxyProcess } from "./support/proxy-process.js";
import { portrait, skipped } from "./support/test-data.js";
import { WebhookReceiver } from "./support/webhook-receiver.js";

const prefix = "/faces";
const executablePath = "/usr/bin/chromium";
const noBrowser = existsSync(executablePath) ? undefined : `no ${executablePath}`;

/** What nginx has to be told: docs/proxies.md. */
const forwarded = `
  proxy_set_header Host $http_host;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_set_header X-Forwarded-Prefix ${prefix};
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_buffering off;`;

/** The addresses in an answer, wherever they are. */
function addressesIn(answer: unknown): string[] {
  if (typeof answer !== "object" || answer === null) return [];
  return Object.entries(answer).flatMap(([name, value]) => {
    const isAddress = ["self", "events", "results", "job", "type", "url", "location"].includes(name);
    return isAddress && typeof value === "string" ? [value] : addressesIn(value);
  });
}

describe.skipIf(skipped("the API behind nginx", noNginx))("the API behind nginx, with TLS and below a path", () => {
  let tls: Awaited<ReturnType<typeof selfSigned>>;
  let fleet: Fleet;
  let nginx: ProxyProcess;
  let image: Buffer;

  beforeAll(async () => {
    tls = await selfSigned("127.0.0.1");
    image = await portrait();
    fleet = await Fleet.start(
      { TRUST_PROXY: "loopback", SYNC_TIMEOUT: "0.1", EGRESS_ALLOW: "127.0.0.0/8" },
      { workers: 0 },
    );
    nginx = await ProxyProcess.nginx(fleet.url, forwarded, { prefix, tls });
  });
  afterAll(async () => {
    await nginx?.stop();
    await fleet?.stop();
  });

  const get = async <T>(url: string) => (await nginx.fetch(url)).json() as Promise<T>;
  const post = (path: string, body: unknown) =>
    nginx.fetch(nginx.url + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const send = (path: string, job?: object) => {
    const form = new FormData();
    if (job) form.append("job", JSON.stringify(job));
    form.append("image", new Blob([Uint8Array.from(image)]), "portrait.png");
    return nginx.fetch(nginx.url + path, { method: "POST", body: form });
  };
  /** Each address of an answer is one of the proxy's, below its path, and leads somewhere. */
  const expectAddresses = async (answer: unknown, atLeast = 1) => {
    const addresses = addressesIn(answer);
    expect(addresses.length).toBeGreaterThanOrEqual(atLeast);
    for (const address of addresses) {
      expect(address).toMatch(new RegExp(`^${nginx.url}/`));
      const { status, body } = await nginx.fetch(address, { method: address.endsWith("/events") ? "GET" : "HEAD" });
      await body?.cancel();
      expect([address, status]).toEqual([address, 200]);
    }
  };

  it.each(["/detect-face", "/v1/analyse"])(
    "hands a job of %s over under an address that can be followed",
    async (path) => {
      const late = await send(path);
      const problem = (await late.json()) as Problem;
      expect([late.status, problem.code]).toEqual([504, "sync_timeout"]);
      expect(late.headers.get("location")).toBe(problem.job);
      await expectAddresses(problem, 2);
    },
  );

  it("names in answers of jobs, batches and uploads, in events and in problems only what can be followed", async () => {
    fleet.startProcess("worker");
    await fleet.answers("/health", 200);
    const submitted = await send("/v1/jobs", { task: "embed" });
    const job = (await submitted.json()) as Job;
    expect(submitted.headers.get("location")).toBe(job.links.self);
    await expectAddresses(job, 2);
    const done = await get<Job>(`${job.links.self}?wait=30`);
    expect(done).toMatchObject({ state: "succeeded", result: { faces: [expect.anything()] } });
    await expectAddresses(done, 2);
    const events = await (await nginx.fetch(job.links.events)).text();
    await expectAddresses(JSON.parse(/^data: (.*)$/m.exec(events)?.[1] ?? ""), 2);

    const missing = { s3: { bucket: "local", key: "none.jpg" } };
    const failing = (await (await post("/v1/jobs", { task: "detect", image: missing })).json()) as Job;
    const failed = await get<Job>(`${failing.links.self}?wait=30`);
    expect(failed).toMatchObject({ state: "failed", error: { code: "image_not_found" } });
    await expectAddresses(failed, 3);
    const { jobs } = await get<JobList>(`${nginx.url}/v1/jobs?state=failed`);
    await expectAddresses(jobs, 3);
    const again = await nginx.fetch(`${failing.links.self}/retry`, { method: "POST" });
    expect([again.status, again.headers.get("location")]).toEqual([202, failing.links.self]);
    await expectAddresses(await again.json(), 2);

    const place = (await (
      await post("/v1/uploads", { contentType: "image/png", size: image.length })
    ).json()) as Upload;
    expect(place.url).toMatch(new RegExp(`^${nginx.url}/v1/uploads/`));
    const { url, method, headers } = place;
    expect((await nginx.fetch(url, { method, headers, body: Uint8Array.from(image) })).status).toBe(204);
    const items = [{ upload: place.id }, missing];
    const accepted = await post("/v1/batches", { task: "detect", items });
    const batch = (await accepted.json()) as Batch;
    expect(accepted.headers.get("location")).toBe(batch.links.self);
    await expect.poll(async () => (await get<Batch>(batch.links.self)).state).toBe("finished");
    await expectAddresses(await get<Batch>(batch.links.self), 2);
    const lines = (await (await nginx.fetch(batch.links.results)).text()).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).state)).toEqual(["succeeded", "failed"]);
    await expectAddresses(JSON.parse(lines[1]!));
    const { batches } = await get<BatchList>(`${nginx.url}/v1/batches`);
    await expectAddresses(batches, 2);
    const retried = await nginx.fetch(`${batch.links.self}/retry`, { method: "POST" });
    expect([retried.status, retried.headers.get("location")]).toEqual([202, batch.links.self]);
    await expectAddresses(await retried.json(), 2);
    await expectAddresses(await (await post("/v1/jobs", {})).json());
    await expectAddresses(await get(`${nginx.url}/v1/nothing`));
  });

  it("describes itself at its address", async () => {
    expect(await get(`${nginx.url}/openapi.json`)).toMatchObject({ servers: [{ url: nginx.url }] });
    const bare = await nginx.fetch(`${nginx.url}/docs`);
    expect(new URL(bare.headers.get("location")!, `${nginx.url}/docs`).href).toBe(`${nginx.url}/docs/`);
  });

  it("announces ends under PUBLIC_URL, whatever the proxy says", async () => {
    const receiver = await WebhookReceiver.start();
    onTestFinished(() => receiver.stop());
    await fleet.killAll();
    fleet.startProcess("api", { PUBLIC_URL: `${nginx.url}/` });
    fleet.startProcess("worker", { PUBLIC_URL: `${nginx.url}/` });
    await fleet.answers("/health", 200);
    const job = (await (
      await fleet.postImage("/v1/jobs", image, { task: "detect", webhook: { url: receiver.url } })
    ).json()) as Job;
    await expectAddresses(job, 2);
    await expect.poll(() => receiver.received.length).toBe(1);
    const event = JSON.parse(receiver.received[0]!.body) as WebhookEvent;
    expect(event.data.links).toEqual(job.links);
    await expectAddresses(event.data, 2);
    const items = [{ s3: { bucket: "local", key: "none.jpg" } }];
    const submitted = await fleet.postJson("/v1/batches", { task: "detect", items, webhook: { url: receiver.url } });
    const batch = (await submitted.json()) as Batch;
    await expectAddresses(batch, 2);
    await expect.poll(() => receiver.received.length).toBe(2);
    const finished = JSON.parse(receiver.received[1]!.body) as WebhookEvent;
    expect(finished.data.links).toEqual(batch.links);
  });

  describe.skipIf(skipped("the documentation behind nginx", noBrowser))("in a browser", () => {
    let browser: Browser;
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
    });
    afterAll(() => browser?.close());

    it("shows the documentation with all its parts, and asks by it", async () => {
      const page = await browser.newPage({ ignoreHTTPSErrors: true });
      const answers: [string, number][] = [];
      page.on("response", (answer) => answers.push([answer.url(), answer.status()]));
      await page.goto(`${nginx.url}/docs`);
      const health = page.locator("[id$=getLiveness]").first();
      await health.locator(".opblock-summary").click();
      await health.getByRole("button", { name: "Try it out" }).click();
      await health.getByRole("button", { name: "Execute" }).click();
      await expect.poll(() => answers.map(([url]) => url)).toContain(`${nginx.url}/livez`);
      expect(answers.filter(([, status]) => status >= 400)).toEqual([]);
      expect(answers.filter(([url]) => !url.startsWith(`${nginx.url}/`) && !url.startsWith("data:"))).toEqual([]);
    });
  });
});
