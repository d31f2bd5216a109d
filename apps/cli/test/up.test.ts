import { type ChildProcessWithoutNullStreams, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, portFault } from "@facefleet/stack";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rootDir } from "../src/checkout.js";
import { loadCliConfig } from "../src/config.js";
import { readScrapeTargets, scrapeTargetsFile } from "../src/stack/scrape-targets.js";

const { env } = loadCliConfig();

/** The command line as its users run it, from dist, with a Redis of its own. */
class CommandLine {
  readonly child: ChildProcessWithoutNullStreams;
  readonly exited: Promise<number | null>;
  output = "";

  constructor(args: readonly string[], settings: Record<string, string>) {
    const main = join(rootDir, "apps", "cli", "dist", "main.js");
    this.child = spawn(process.execPath, [main, ...args], { env: { ...env, REDIS_URL: "", ...settings } });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        this.output += text;
      });
    }
    this.exited = once(this.child, "close").then(([code]) => code);
    started.push(this);
  }

  async sees(words: string): Promise<void> {
    const ended = this.exited.then(() => true);
    while (!this.output.includes(words)) {
      const over = await Promise.race([ended, once(this.child.stdout, "data").then(() => false)]);
      if (over && !this.output.includes(words)) throw new Error(`Expected "${words}" but received:\n${this.output}`);
    }
  }
}

/** What a test that fails has left running. */
const started: CommandLine[] = [];
let dataDir: string;
let port: number;
let settings: Record<string, string>;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "up-"));
  port = await freePort();
  settings = { PORT: String(port), DATA_DIR: dataDir };
});
afterEach(async () => {
  for (const { child, exited } of started.splice(0)) {
    child.kill("SIGKILL");
    await exited;
  }
  await expect.poll(() => processesOn(dataDir), { interval: 200 }).toEqual([]);
  await rm(dataDir, { recursive: true, force: true });
});

describe("facefleet up", () => {
  it("starts everything, serves images, and leaves nothing running after Ctrl-C", async () => {
    const up = new CommandLine(["up"], settings);
    await up.sees("A first request");
    await Promise.all([submitsImages(), matchesImages(), saysWhoHasThePort(), leavesTheDataToTheFirst()]);
    const targets = await readScrapeTargets(scrapeTargetsFile(dataDir));
    const pages = await Promise.all(targets.map(async (address) => (await fetch(`${address}/metrics`)).text()));
    expect(pages.map((page) => page.includes("facefleet_http_requests_total"))).toEqual([true, false]);
    expect(pages.map((page) => page.includes("facefleet_engine_info{"))).toEqual([false, true]);
    for (const kept of ["redis", "objects", "scrape-targets.json"])
      expect(openToOthers(join(dataDir, kept))).toEqual([]);
    up.child.kill("SIGINT");
    expect(await up.exited).toBe(0);
    await expect(readScrapeTargets(scrapeTargetsFile(dataDir))).rejects.toThrow(/Expected the targets/);
    await nothingIsLeft();
    expect(await portFault(port, "127.0.0.1")).toBeUndefined();
  });

  it("asks for the keys of a file, and shows where they go", async () => {
    const file = join(dataDir, "keys.json");
    const made = new CommandLine(["keys", "create", "acme", "--file", file], {});
    expect(await made.exited).toBe(0);
    const [key] = /ff_[\w-]{43}/.exec(made.output) ?? [];
    const up = new CommandLine(["up"], { ...settings, API_KEYS_FILE: file });
    await up.sees('curl -H "Authorization: Bearer $FACEFLEET_API_KEY" -F image');
    const ask = (headers: Record<string, string>) => fetch(`http://127.0.0.1:${port}/v1/models`, { headers });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ authorization: `Bearer ${key}` })).status).toBe(200);
    up.child.kill("SIGINT");
    expect(await up.exited).toBe(0);
    expect(up.output).not.toContain(key);
  });

  it("takes everything down with it when it is killed", async () => {
    const up = new CommandLine(["up"], settings);
    await up.sees("A first request");
    expect(processesOn(dataDir)).not.toEqual([]);
    up.child.kill("SIGKILL");
    await expect.poll(() => processesOn(dataDir), { interval: 200 }).toEqual([]);
    await expect.poll(() => portFault(port, "127.0.0.1")).toBeUndefined();
  });

  it("stops in order when its terminal is closed", async () => {
    const up = new CommandLine(["up"], settings);
    await up.sees("A first request");
    up.child.stdout.destroy();
    up.child.stderr.destroy();
    up.child.kill("SIGHUP");
    expect(await up.exited).toBe(0);
    await nothingIsLeft();
  });

  it("does not wait for running jobs when it is asked twice", async () => {
    const up = new CommandLine(["up"], settings);
    await up.sees("Server listening");
    up.child.kill("SIGINT");
    await new Promise((resolve) => setTimeout(resolve, 600));
    up.child.kill("SIGINT");
    expect(await up.exited).toBe(0);
    await nothingIsLeft();
  });

  it("ends with a failure, and takes the rest down, when the API cannot start", async () => {
    const up = new CommandLine(["up"], { ...settings, SYNC_TIMEOUT: "never" });
    expect(await up.exited).toBe(1);
    expect(up.output).toContain("SYNC_TIMEOUT");
    expect(up.output).toContain("error: Expected the api to start but it ended with exit code");
    await nothingIsLeft();
  });
});

it("says what to do when the port is taken, before it starts anything", async () => {
  const server = createServer((_, response) => response.end("something else")).listen(port, "127.0.0.1");
  await once(server, "listening");
  const up = new CommandLine(["up"], settings);
  expect(await up.exited).toBe(1);
  expect(up.output).toBe(
    `error: Expected port ${port} to be free but another program listens there; ` +
      `stop it, or choose another port, for example with PORT=${port + 1}, and beside a fleet of this folder another DATA_DIR\n`,
  );
  server.close();
});

async function saysWhoHasThePort(): Promise<void> {
  const second = new CommandLine(["up"], settings);
  expect(await second.exited).toBe(1);
  expect(second.output).toContain(`Expected port ${port} to be free but another Facefleet listens there`);
}

async function leavesTheDataToTheFirst(): Promise<void> {
  const second = new CommandLine(["up"], { ...settings, PORT: String(await freePort()) });
  expect(await second.exited).toBe(1);
  expect(second.output).toContain(
    `Expected the data folder ${dataDir} to be free but the fleet of http://127.0.0.1:${port} uses it`,
  );
}

async function submitsImages(): Promise<void> {
  const fine = join(dataDir, "grey.png");
  const broken = join(dataDir, "broken.jpg");
  await sharp({ create: { width: 200, height: 100, channels: 3, background: "#808080" } }).toFile(fine);
  await writeFile(broken, "not an image");
  const url = `http://127.0.0.1:${port}`;
  const submit = new CommandLine(
    ["submit", "--json", "--url", url, "--draw", join(dataDir, "drawn"), fine, broken],
    {},
  );
  expect(await submit.exited).toBe(1);
  expect(submit.output).toContain("error: 1 of 2 images failed\n");
  const lines = [...submit.output.matchAll(/^\{.*$/gm)].map(([line]) => JSON.parse(line));
  const byInput = Object.fromEntries(lines.map((line) => [line.input, line]));
  expect(byInput[fine].job).toMatchObject({ state: "succeeded", result: { faces: [], image: { width: 200 } } });
  expect(byInput[broken].job).toMatchObject({ state: "failed", error: { code: "unsupported_image_format" } });
  expect(await sharp(join(dataDir, "drawn", "grey.png")).metadata()).toMatchObject({ width: 200, height: 100 });
}

/** One of the gallery that is no image, or is not there, fails alone, under its name. */
async function matchesImages(): Promise<void> {
  const asset = (name: string) => join(rootDir, "tests", "assets", name);
  const [empty, text] = [join(dataDir, "empty.jpg"), join(dataDir, "text.jpg")];
  await writeFile(empty, "");
  await writeFile(text, "not an image");
  const match = (...args: string[]) => new CommandLine(["match", ...args, "--url", `http://127.0.0.1:${port}`], {});
  const probe = asset("portrait.png");
  const found = match("--json", probe, empty, asset("two-portraits.png"), "nowhere.jpg", text, probe);
  expect(await found.exited).toBe(1);
  expect(found.output).toContain("error: 3 of 5 images failed\n");
  const { matches, failed } = JSON.parse(found.output.split("\n").find((line) => line.startsWith("{")) ?? "");
  const names = (list: { index: number; file: string }[]) => list.map(({ index, file }) => [index, file]);
  expect(names(matches).sort()).toEqual([
    [1, asset("two-portraits.png")],
    [4, probe],
  ]);
  expect(matches.find(({ index }: { index: number }) => index === 4)).toMatchObject({ decision: "match" });
  expect(names(failed).sort()).toEqual([
    [0, empty],
    [2, "nowhere.jpg"],
    [3, text],
  ]);
  const noProbe = match(text, probe);
  expect(await noProbe.exited).toBe(1);
  expect(noProbe.output).toContain(`error: Expected an image with a face but received ${text}: `);
}

/** What other users could read if they reached it: the folder that the test made keeps them out already. */
function openToOthers(path: string): string[] {
  const { stdout } = spawnSync("find", [path, "-perm", "/077"], { encoding: "utf8" });
  return stdout.split("\n").filter(Boolean);
}

/** What is being killed takes a moment to be gone. */
async function nothingIsLeft(): Promise<void> {
  await expect.poll(() => processesOn(dataDir)).toEqual([]);
}

/** Every process that was started with this data folder: its environment or its arguments name it. */
function processesOn(folder: string): string[] {
  const all = existsSync("/proc/self/environ") ? processesOfProc() : processesOfPs();
  return all.filter((process) => process.includes(folder));
}

function processesOfProc(): string[] {
  const read = (file: string) => {
    try {
      return readFileSync(file, "utf8");
    } catch {
      return "";
    }
  };
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map((pid) => `${pid} ${read(`/proc/${pid}/cmdline`)} ${read(`/proc/${pid}/environ`)}`);
}

function processesOfPs(): string[] {
  return execFileSync("ps", ["axeww"], { encoding: "utf8", maxBuffer: 1 << 26 }).split("\n");
}
