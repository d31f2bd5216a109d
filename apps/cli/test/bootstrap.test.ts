import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { findOnPath, freePort } from "@facefleet/stack";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rootDir } from "../src/checkout.js";

// biome-ignore lint/style/noProcessEnv: where the tests' own Redis is
const { REDIS_URL = "" } = process.env;
const canMount = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

/**
 * A tiny checkout with the real script and the real compiler; only `npx`, the `pnpm` that it gives, and the console's
 * build are stand-ins.
 */
let checkout: string;

const installing = "install --frozen-lockfile";
const installed = "mkdir -p node_modules apps/cli/node_modules";

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), "bootstrap-"));
  await mkdir(join(checkout, "scripts"));
  await mkdir(join(checkout, "bin"));
  await mkdir(join(checkout, "apps", "cli", "src"), { recursive: true });
  await mkdir(join(checkout, "apps", "console"));
  await mkdir(join(checkout, "packages", "needs-nothing"), { recursive: true });
  for (const part of ["scripts/bootstrap.mjs", "scripts/bootstrap", "packages/stack/src/machine"]) {
    await cp(join(rootDir, part), join(checkout, part), { recursive: true });
  }
  const files = {
    "package.json": { packageManager: "pnpm@10.0.0", type: "module" },
    "apps/cli/package.json": { name: "cli", type: "module", dependencies: { other: "1.0.0" } },
    "packages/needs-nothing/package.json": { name: "needs-nothing" },
    "tsconfig.json": { files: [], references: [{ path: "apps/cli" }] },
    "apps/cli/tsconfig.json": {
      compilerOptions: { composite: true, rootDir: "src", outDir: "dist", types: [] },
      include: ["src"],
    },
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(checkout, name), JSON.stringify(content));
  await writeFile(join(checkout, "pnpm-lock.yaml"), "");
  await writeFile(join(checkout, "pnpm-workspace.yaml"), "");
  await writeFile(join(checkout, "apps/cli/src/main.ts"), "export const answer: number = 42;\n");
  const built = 'import { writeFileSync } from "node:fs";\nwriteFileSync("apps/console/built", "");\n';
  await writeFile(join(checkout, "apps/console/build.mjs"), built);
  await standInForPnpm(installed);
});
afterEach(() => rm(checkout, { recursive: true }));

it("installs and builds the first time, and then has nothing to do", async () => {
  const first = await bootstrap();
  expect(first).toMatchObject({ code: 0 });
  expect(first.stderr).toMatch(/Installing dependencies.*\nBuilding\n/);
  expect(await readFile(join(checkout, "apps/cli/dist/main.js"), "utf8")).toContain("42");
  expect((await stat(join(checkout, "apps/console/built"))).isFile()).toBe(true);
  expect(await bootstrap()).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await pnpmCalls()).toEqual([installing]);
});

it("installs again when the lockfile or a manifest has changed", async () => {
  await bootstrap();
  await writeFile(join(checkout, "pnpm-lock.yaml"), "changed");
  await bootstrap();
  await writeFile(join(checkout, "apps/cli/package.json"), '{"name":"cli","type":"module","version":"2.0.0"}');
  await bootstrap();
  expect(await pnpmCalls()).toHaveLength(3);
});

it("installs again when the packages of a workspace folder are gone", async () => {
  await bootstrap();
  await rm(join(checkout, "apps/cli/node_modules"), { recursive: true });
  await bootstrap();
  expect(await pnpmCalls()).toHaveLength(2);
});

it("installs once when it is started twice at the same time, and the second says that it waits", async () => {
  await standInForPnpm(`sleep 1; ${installed}`);
  const both = await Promise.all([bootstrap(), bootstrap()]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(await pnpmCalls()).toHaveLength(1);
  const waited = both.filter(({ stderr }) => stderr.startsWith("Waiting for another npm command"));
  expect(waited).toHaveLength(1);
});

it("waits for none that was killed, though its process id is that of a living process", async () => {
  await mkdir(join(checkout, ".data"));
  await writeFile(join(checkout, ".data", "bootstrap.lock"), String(process.pid));
  expect(await bootstrap()).toMatchObject({ code: 0, stderr: expect.not.stringContaining("Waiting") });
});

it("waits for the installation that one that was killed has left running", async () => {
  await standInForPnpm(`sleep 2; ${installed}`);
  await prepare();
  const first = spawn(process.execPath, [join(checkout, "scripts", "bootstrap.mjs")], { env: bootstrapEnv() });
  await expect.poll(pnpmCalls).toHaveLength(1);
  first.kill("SIGKILL");
  const next = await bootstrap();
  expect(next).toMatchObject({ code: 0, stderr: expect.stringContaining("Waiting for another npm command") });
});

it("keeps what it leaves in .data from other users", async () => {
  await mkdir(join(checkout, ".data"), { mode: 0o755 });
  await bootstrap();
  expect((await stat(join(checkout, ".data"))).mode & 0o077).toBe(0);
});

it("shows why an installation failed, and tries again next time", async () => {
  await standInForPnpm("echo the registry is away; exit 7");
  const failed = await bootstrap();
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining("the registry is away") });
  expect(failed.stderr).toMatch(/error: Expected ".*pnpm install .* to succeed but received: exit code 7/);
  await bootstrap();
  expect(await pnpmCalls()).toHaveLength(2);
});

it("shows the compiler's words when the sources have a fault", async () => {
  await writeFile(join(checkout, "apps/cli/src/main.ts"), "export const answer: number = true;\n");
  expect(await bootstrap()).toMatchObject({ code: 1, stderr: expect.stringContaining("TS2322") });
});

describe("before it installs anything", () => {
  it("says that the port is taken", async () => {
    const server = createServer((_, response) => response.end("something else")).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const failed = await bootstrap(["up"], { PORT: String(port) });
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: Expected port .*another program/) });
    server.close();
  });

  it.each(["up", "test"])("says to %s that the Redis that it is to use does not answer", async (command) => {
    const settings = { PORT: String(await freePort()), REDIS_URL: `redis://:hidden@127.0.0.1:${await freePort()}` };
    const failed = await bootstrap([command], settings);
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: Expected a Redis at .*REDIS_URL/) });
    expect(failed.stderr).not.toContain("hidden");
  });

  it.each(["up", "test"])("says to %s that there is no Redis, and no way to one", async (command) => {
    const path = await pathWith("flock", "sh", "mkdir");
    const failed = await bootstrap([command], { PORT: String(await freePort()), PATH: path });
    expect(failed).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: Expected a Redis .*found none: /) });
    expect(failed.stderr).not.toContain("Installing");
  });

  it("says that the registry cannot be reached, in npm's one line that says why", async () => {
    await program("npx", "echo npm error code E >&2; echo npm error request to http://r/pnpm failed >&2; exit 1");
    const failed = await bootstrap();
    expect(failed.stderr).toMatch(
      /^error: Expected pnpm@10.0.0 from npm's registry but received: request to http:\/\/r\/pnpm failed; npm config.*\n$/,
    );
  });

  it.skipIf(!canMount)("says that there is too little room", async () => {
    await prepare();
    const script = `mount -t tmpfs -o size=50m none /mnt && cp -a ${checkout}/. /mnt && node /mnt/scripts/bootstrap.mjs`;
    const path = `${dirname(process.execPath)}:/usr/sbin:/sbin`;
    const run = spawnSync("unshare", ["--mount", "sh", "-c", script], {
      env: { ...bootstrapEnv(), PATH: `${join(checkout, "bin")}:${path}:/usr/bin:/bin` },
      encoding: "utf8",
    });
    expect(run.stderr).toMatch(/^error: Expected 1100 MB free in \/mnt\/ to install into but received \d\d? MB\n$/);
  });

  afterEach(async () => {
    expect(await pnpmCalls()).toEqual([]);
  });
});

describe("what is installed", () => {
  it("is what it takes to run for a command, and all for tests, which then stays", async () => {
    await withFreePort("up");
    await withFreePort("up");
    expect(await pnpmCalls()).toEqual([`${installing} --prod`]);
    await withFreePort("test");
    await withFreePort("up");
    expect(await pnpmCalls()).toEqual([`${installing} --prod`, installing]);
    await writeFile(join(checkout, "pnpm-lock.yaml"), "changed");
    await withFreePort("up");
    expect(await pnpmCalls()).toEqual([`${installing} --prod`, installing, installing]);
  });

  it("is kept in the checkout where there is no home to write to, with the user's settings", async () => {
    await standInForPnpm(`${installed}; echo "$HOME $npm_config_cache $npm_config_userconfig" > homes`);
    await bootstrap([], { HOME: "/dev/null" });
    const home = join(checkout, ".data", "home");
    expect(await readFile(join(checkout, "homes"), "utf8")).toBe(`${home} ${home}/.npm /dev/null/.npmrc\n`);
  });
});

/** It notes the calls that install. */
async function standInForPnpm(action: string): Promise<void> {
  await program("npx", `echo ${checkout}/bin/pnpm`);
  await program("pnpm", `[ "$1" = store ] && exit 0; echo "$@" >> pnpm-calls\n${action}`);
}

async function program(name: string, script: string): Promise<void> {
  await writeFile(join(checkout, "bin", name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}

async function prepare(): Promise<void> {
  await mkdir(join(checkout, "node_modules"), { recursive: true });
  await symlink(join(rootDir, "node_modules", "typescript"), join(checkout, "node_modules", "typescript")).catch(
    () => undefined,
  );
}

function bootstrapEnv(): Record<string, string> {
  return { PATH: `${join(checkout, "bin")}:/usr/bin:/bin`, HOME: checkout };
}

/** A PATH with these programs and no others. */
async function pathWith(...programs: string[]): Promise<string> {
  for (const program of programs) {
    const found = await findOnPath(program, "/usr/bin:/bin");
    if (found) await symlink(found, join(checkout, "bin", program));
  }
  return join(checkout, "bin");
}

async function withFreePort(command: string): Promise<void> {
  const done = await bootstrap([command], { PORT: String(await freePort()), REDIS_URL });
  expect(done).toMatchObject({ code: 0 });
}

async function bootstrap(
  args: string[] = [],
  settings: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  await prepare();
  const options = { env: { ...bootstrapEnv(), ...settings } };
  const script = join(checkout, "scripts", "bootstrap.mjs");
  const run = promisify(execFile)(process.execPath, [script, ...args], options);
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

async function pnpmCalls(): Promise<string[]> {
  const calls = await readFile(join(checkout, "pnpm-calls"), "utf8").catch(() => "");
  return calls.split("\n").filter(Boolean);
}
