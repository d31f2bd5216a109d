import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { KeyHolder, keysOf } from "./keys-file.js";

const root = fileURLToPath(new URL("../../..", import.meta.url));

describe("the API's process", () => {
  let directory: string;
  let child: ChildProcess | undefined;
  let output: string;

  beforeEach(async () => {
    directory = await mkdtemp(path.join(tmpdir(), "facefleet-api-"));
  });
  afterEach(async () => {
    child?.kill("SIGKILL");
    await rm(directory, { recursive: true, force: true });
  });

  function start(env: Record<string, string> = {}): ChildProcess {
    output = "";
    child = fork(path.join(root, "apps/api/dist/main.js"), {
      execArgv: [],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      env: {
        // biome-ignore lint/style/noProcessEnv: the tests' Redis
        ...process.env,
        QUEUE_PREFIX: `{test-${randomBytes(6).toString("hex")}}`,
        STORE_DIR: directory,
        HOST: "127.0.0.1",
        PORT: "0",
        ...env,
      },
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (chunk) => {
        output += chunk;
      });
    }
    return child;
  }

  async function address(): Promise<string> {
    const listening = /http:\/\/127\.0\.0\.1:\d+/;
    await eventually(() => listening.test(output));
    return String(listening.exec(output));
  }

  it.each<[string, (api: ChildProcess) => void]>([
    ["SIGTERM", (api) => api.kill("SIGTERM")],
    ["SIGINT", (api) => api.kill("SIGINT")],
    ["the end of its parent", (api) => api.disconnect()],
  ])("serves until %s, then ends well", async (_what, stop) => {
    const api = start();
    const url = await address();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    stop(api);
    const [code] = await once(api, "exit");
    expect({ code, output }).toMatchObject({ code: 0 });
  });

  it("is not ready as soon as it is told to stop, and takes requests for as long as SHUTDOWN_DELAY says", async () => {
    const api = start({ SHUTDOWN_DELAY: "2" });
    const url = await address();
    const stopped = performance.now();
    api.kill("SIGTERM");
    await eventually(async () => (await fetch(`${url}/readyz`)).status === 503);
    const answer = await fetch(`${url}/v1/jobs`);
    expect([answer.status, answer.headers.get("connection")]).toEqual([200, "close"]);
    const [code] = await once(api, "exit");
    expect(code).toBe(0);
    expect(performance.now() - stopped).toBeGreaterThan(1900);
  });

  it("ends at once when it cannot listen, of which no load balancer has to be told", async () => {
    start();
    const running = child;
    const { port } = new URL(await address());
    const began = performance.now();
    const [code] = await once(start({ PORT: port, SHUTDOWN_DELAY: "20" }), "exit");
    running?.kill("SIGKILL");
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining("EADDRINUSE") });
    expect(performance.now() - began).toBeLessThan(15_000);
  });

  it("lists every fault of its configuration in plain words", async () => {
    const [code] = await once(start({ PORT: "many", MAX_IMAGE_BYTES: "1" }), "close");
    expect(code).toBe(1);
    expect(output).toMatch(/PORT: Expected/);
    expect(output).toMatch(/MAX_IMAGE_BYTES: Expected/);
    expect(output).not.toMatch(/at .*\.js/);
  });

  it("asks for the keys of its file, and logs whose a request was but no key", async () => {
    const [acme, stranger] = [new KeyHolder("acme"), new KeyHolder("nobody")];
    const keysFile = path.join(directory, "keys.json");
    await writeFile(keysFile, keysOf(acme));
    const api = start({ API_KEYS_FILE: keysFile, LOG_LEVEL: "trace" });
    const url = await address();
    for (const [headers, status] of [
      [acme.headers, 200],
      [stranger.headers, 401],
    ] as const) {
      expect((await fetch(`${url}/v1/jobs`, { headers })).status).toBe(status);
    }
    api.kill("SIGTERM");
    const [code] = await once(api, "close");
    expect({ code, output }).toMatchObject({ code: 0 });
    const answered = output.split("\n").filter((line) => line.includes('"answered"'));
    expect(answered.map((line) => JSON.parse(line)).map(({ status, tenant }) => [status, tenant])).toEqual([
      [200, "acme"],
      [401, undefined],
    ]);
    for (const { key } of [acme, stranger]) expect(output).not.toContain(key.slice(3, 12));
  });

  it.each([
    ["missing", undefined, /API_KEYS_FILE: Expected a file that can be read but received ENOENT/],
    [
      "broken",
      '{"tenants":{"acme":{"keys":[{}]},"B":{}}}',
      /\/tenants\/B is no name[\s\S]*\/tenants\/acme\/keys\/0 must/,
    ],
  ])("does not start with a %s file of keys, and says all that is wrong", async (_what, text, faults) => {
    const keysFile = path.join(directory, "keys.json");
    if (text !== undefined) await writeFile(keysFile, text);
    const [code] = await once(start({ API_KEYS_FILE: keysFile }), "close");
    expect(code).toBe(1);
    expect(output).toMatch(faults);
    expect(output).not.toMatch(/^ +at /m);
  });

  it("does not open itself to the network without being told to", async () => {
    const [code] = await once(start({ HOST: "0.0.0.0" }), "close");
    expect(code).toBe(1);
    expect(output).toContain("AUTH=none");
  });
});
