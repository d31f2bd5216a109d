import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Fleet } from "./support/fleet.js";
import { skipped } from "./support/test-data.js";

const executablePath = "/usr/bin/chromium";
const noBrowser = existsSync(executablePath) ? undefined : `no ${executablePath}`;

describe.skipIf(skipped("the documentation in a browser", noBrowser))("the page at /docs", () => {
  let fleet: Fleet;
  let browser: Browser;

  beforeAll(async () => {
    fleet = await Fleet.start({}, { workers: 0 });
    browser = await chromium.launch({
      executablePath,
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"],
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
});
