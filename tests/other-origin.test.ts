import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { KeyHolder, KeysFile, keysOf } from "../apps/api/test/keys-file.js";
import { Fleet } from "./support/fleet.js";
import { portrait, repository, skipped } from "./support/test-data.js";

const executablePath = "/usr/bin/chromium";
const noBrowser = existsSync(executablePath) ? undefined : `no ${executablePath}`;

type Client = typeof import("../packages/client/src/index.js");

const loader = `<!doctype html>
<script type="module">
  import * as client from "/client/index.js";
  globalThis.facefleet = client;
</script>`;

/** An app of someone's: a page that loads the built client, and a picture. */
async function startSite(): Promise<{ server: Server; origin: string }> {
  const server = createServer(async ({ url = "/" }, response) => {
    if (url === "/portrait.png") return response.end(await portrait());
    const name = /^\/client\/([\w-]+\.js)$/.exec(url)?.[1];
    if (!name) return response.setHeader("content-type", "text/html").end(loader);
    const script = await readFile(join(repository, "packages/client/dist", name));
    return response.setHeader("content-type", "text/javascript").end(script);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe.skipIf(skipped("the API in pages of other origins", noBrowser))("a page of another origin", () => {
  const acme = new KeyHolder("acme");
  let [admitted, stranger]: Awaited<ReturnType<typeof startSite>>[] = [];
  let keys: KeysFile;
  let fleet: Fleet;
  let browser: Browser;

  beforeAll(async () => {
    [admitted, stranger] = await Promise.all([startSite(), startSite()]);
    keys = await KeysFile.create();
    await keys.replace(keysOf(acme));
    fleet = await Fleet.start({ API_KEYS_FILE: keys.path, CORS_ORIGINS: admitted.origin });
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  });
  afterAll(async () => {
    await browser?.close();
    await fleet?.stop();
    await keys?.remove();
    admitted?.server.close();
    stranger?.server.close();
  });

  const open = async (site: { origin: string } | undefined): Promise<Page> => {
    const page = await browser.newPage();
    await page.goto(`${site?.origin}/`);
    await page.waitForFunction(() => "facefleet" in globalThis);
    return page;
  };

  it("that is admitted uses the client for everything, and reads the headers of answers", async () => {
    const page = await open(admitted);
    expect(await page.evaluate(useClient, { url: fleet.url, apiKey: acme.key })).toEqual({
      faces: [1, 1],
      code: "job_not_found",
      listed: 2,
      location: true,
      requestId: true,
      events: "succeeded",
    });
  });

  it("that is not admitted is told so by the client", async () => {
    const page = await open(stranger);
    const failure = await page.evaluate(failInClient, { url: fleet.url, apiKey: acme.key });
    expect(failure).toMatchObject({ code: "unreachable", retryable: false });
    expect(failure.message).toContain(`the browser keeps its answers from the pages of ${stranger?.origin}`);
  });

  it("is told of a service that is away that it is", async () => {
    const page = await open(stranger);
    const failure = await page.evaluate(failInClient, { url: "http://127.0.0.1:9", apiKey: acme.key });
    expect(failure).toMatchObject({ code: "unreachable", retryable: true });
    expect(failure.message).toContain("the connection failed");
  });
});

interface Use {
  readonly url: string;
  readonly apiKey: string;
}

/** Runs in the browser. */
async function useClient({ url, apiKey }: Use) {
  const { FacefleetClient, resultOf } = (globalThis as unknown as { facefleet: Client }).facefleet;
  const client = new FacefleetClient({ url, apiKey });
  const image = await (await fetch("/portrait.png")).blob();
  const sent = await client.wait(await client.submit({ task: "detect", image }));
  const handed = await client.upload(image, "image/png");
  const named = await client.wait(await client.submit({ task: "embed", image: handed }));
  const missing = await client.job(`j${"0".repeat(32)}`).then(
    () => undefined,
    (error: unknown) => error as { readonly code: string },
  );
  const headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
  const body = JSON.stringify({ task: "detect", image: { s3: { bucket: "local", key: "none" } } });
  const answer = await fetch(`${url}/v1/jobs`, { method: "POST", headers, body });
  const events = await (await fetch(`${url}/v1/jobs/${sent.id}/events`, { headers })).text();
  let listed = 0;
  for await (const { state } of client.jobs()) if (state === "succeeded") listed += 1;
  return {
    faces: [resultOf(sent).faces.length, resultOf(named).faces.length],
    code: missing?.code,
    listed,
    location: answer.headers.has("location"),
    requestId: answer.headers.has("x-request-id"),
    events: JSON.parse(/^data: (.*)$/m.exec(events)?.[1] ?? "").state as string,
  };
}

/** Runs in the browser. */
async function failInClient({ url, apiKey }: Use) {
  const { FacefleetClient } = (globalThis as unknown as { facefleet: Client }).facefleet;
  const client = new FacefleetClient({ url, apiKey, maxRetries: 0 });
  const error = await client.models().then(
    () => undefined,
    (caught: unknown) => caught as import("../packages/client/src/index.js").FacefleetError,
  );
  return { code: error?.code, retryable: error?.retryable, message: error?.message };
}
