import { once } from "node:events";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Fleet } from "./support/fleet.js";
import { repository, skipped } from "./support/test-data.js";

const executablePath = "/usr/bin/chromium";
/** The library of the pages has them checked by its makers unless told not to, but never on loopback. */
const name = "facefleet.example";
const noBrowser = existsSync(executablePath) ? undefined : `no ${executablePath}`;

describe.skipIf(skipped("the documentation in a browser", noBrowser))("the page at /docs", () => {
  let fleet: Fleet;
  let browser: Browser;

  beforeAll(async () => {
    fleet = await Fleet.start({ ALLOWED_HOSTS: name });
    browser = await chromium.launch({
      executablePath,
      args: [
        ...["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
        // One is ours; the other is a name that whoever owns it has made lead to this machine.
        `--host-resolver-rules=MAP ${name} 127.0.0.1, MAP evil.example 127.0.0.1`,
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
  });

  it("shows the endpoints and tries one", async () => {
    const page = await browser.newPage();
    const faults: string[] = [];
    page.on("pageerror", ({ message }) => faults.push(message));
    page.on("console", (line) => /Content.Security.Policy/i.test(line.text()) && faults.push(line.text()));
    await page.goto(`${fleet.url}/docs`);
    for (const path of ["/detect-face", "/v1/jobs", "/v1/jobs/{id}", "/health"]) {
      await page.locator(`[data-path="${path}"]`).first().waitFor();
    }
    const compare = page.locator("#operations-simple_service-compareFaces, [id$=compareFaces]").first();
    await compare.locator(".opblock-summary").click();
    await compare.getByRole("button", { name: "Try it out" }).click();
    await compare.locator("textarea.body-param__text").fill('{"embedding1": [1], "embedding2": [1]}');
    await compare.getByRole("button", { name: "Execute" }).click();
    const answer = compare.locator(".live-responses-table .response .microlight").first();
    await expect.poll(() => answer.textContent()).toContain("Expected 512 numbers for the first embedding");
    expect(faults).toEqual([]);
  });

  it("finds the face of a picture that is chosen, with nothing else filled in", async () => {
    const page = await browser.newPage();
    await page.goto(`${fleet.url}/docs`);
    const portrait = join(repository, "tests", "assets", "portrait.png");
    const tryOut = async (operation: string, type: string, parts: Record<string, string> = {}) => {
      const block = page.locator(`[id$=${operation}]`).first();
      await block.locator(".opblock-summary").click();
      await block.getByRole("button", { name: "Try it out" }).click();
      await block.locator(".opblock-section-request-body select.content-type").selectOption(type);
      for (const [part, file] of Object.entries(parts)) {
        await block.locator(`tr[data-property-name="${part}"] input[type=file]`).setInputFiles(file);
      }
      const answered = page.waitForResponse((answer) => answer.request().method() === "POST");
      await block.getByRole("button", { name: "Execute" }).click();
      return (await answered).json();
    };
    const form = "multipart/form-data";
    expect(await tryOut("detectFace", form, { image: portrait })).toMatchObject({ num_faces: 1 });
    expect(await tryOut("extractEmbedding", "application/json")).toMatchObject({ dimensions: 512 });
  });

  it("is shown in no frame, and its service is used by no page, of another site", async () => {
    const site = createServer((_, response) => response.setHeader("content-type", "text/html").end("<!doctype html>"));
    await once(site.listen(0, "127.0.0.1"), "listening");
    onTestFinished(() => void site.close());
    const { port } = site.address() as AddressInfo;
    const secret = async () => (await fleet.get("/v1/webhook-secret")).text();
    const before = await secret();
    const page = await browser.newPage();
    await page.goto(`http://evil.example:${port}/`);
    await page.evaluate(askFromAnotherSite, fleet.url);
    await expect
      .poll(() =>
        page
          .frames()
          .map((frame) => frame.url())
          .at(-1),
      )
      .toMatch(/^chrome-error:/);
    // By the same name, as if it had led elsewhere when the page was loaded.
    const rebound = await page.goto(`http://evil.example:${new URL(fleet.url).port}/v1/webhook-secret`);
    expect(rebound?.status()).toBe(403);
    expect(await secret()).toBe(before);
    expect(await (await fleet.get("/v1/jobs")).json()).toEqual({ jobs: [] });
  });

  it("asks nobody else for anything, and complains of nothing", async () => {
    const page = await browser.newPage();
    const asked: string[] = [];
    const complaints: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("console", (message) => complaints.push(message.text()));
    const here = fleet.url.replace("127.0.0.1", name);
    await page.goto(`${here}/docs`);
    await page.locator('[data-path="/health"]').first().waitFor();
    await page.waitForLoadState("networkidle");
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((url) => !url.startsWith(`${here}/`) && !url.startsWith("data:"))).toEqual([]);
    expect(complaints).toEqual([]);
  });
});

interface BrowserPage {
  readonly document: {
    createElement(name: string): object;
    readonly body: { append(element: object): void };
  };
}

/** What the script of such a page may try; runs in the browser. */
async function askFromAnotherSite(service: string): Promise<void> {
  const { document } = globalThis as unknown as BrowserPage;
  for (const [element, path] of [
    ["iframe", "/docs"],
    ["img", "/v1/jobs"],
  ] as const) {
    document.body.append(Object.assign(document.createElement(element), { src: `${service}${path}` }));
  }
  const form = new FormData();
  form.append("job", JSON.stringify({ task: "detect" }));
  form.append("image", new Blob(["x"], { type: "image/png" }), "a.png");
  // Whether it may see the answer is another matter.
  const send = (path: string, body?: FormData) =>
    fetch(`${service}${path}`, { method: "POST", mode: "no-cors", ...(body && { body }) }).catch(() => undefined);
  await Promise.all([send("/v1/webhook-secret/rotate"), send("/v1/jobs", form)]);
}
