import { execFile, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, it } from "vitest";
import { rootDir } from "../src/config.js";

/** A tiny checkout with the real script and the real compiler; only `npx` is a stand-in that notes its calls. */
let checkout: string;

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), "bootstrap-"));
  await mkdir(join(checkout, "scripts"));
  await mkdir(join(checkout, "bin"));
  await mkdir(join(checkout, "apps", "cli", "src"), { recursive: true });
  for (const name of ["needs-nothing", "stack/src"]) await mkdir(join(checkout, "packages", name), { recursive: true });
  for (const file of ["scripts/bootstrap.mjs", "packages/stack/src/file-lock.mjs"]) {
    await cp(join(rootDir, file), join(checkout, file));
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
  await standInForNpx("mkdir -p node_modules apps/cli/node_modules");
});
afterEach(() => rm(checkout, { recursive: true }));

it("installs and builds the first time, and then has nothing to do", async () => {
  const first = await bootstrap();
  expect(first).toMatchObject({ code: 0 });
  expect(first.stderr).toMatch(/Installing dependencies.*\nBuilding\n/);
  expect(await readFile(join(checkout, "apps/cli/dist/main.js"), "utf8")).toContain("42");
  expect(await bootstrap()).toEqual({ code: 0, stdout: "", stderr: "" });
  expect(await npxCalls()).toEqual(["--yes pnpm@10.0.0 install --frozen-lockfile"]);
});

it("installs again when the lockfile or a manifest has changed", async () => {
  await bootstrap();
  await writeFile(join(checkout, "pnpm-lock.yaml"), "changed");
  await bootstrap();
  await writeFile(join(checkout, "apps/cli/package.json"), '{"name":"cli","type":"module","version":"2.0.0"}');
  await bootstrap();
  expect(await npxCalls()).toHaveLength(3);
});

it("installs again when the packages of a workspace folder are gone", async () => {
  await bootstrap();
  await rm(join(checkout, "apps/cli/node_modules"), { recursive: true });
  await bootstrap();
  expect(await npxCalls()).toHaveLength(2);
});

it("installs once when it is started twice at the same time, and the second says that it waits", async () => {
  await standInForNpx("sleep 1; mkdir -p node_modules apps/cli/node_modules");
  const both = await Promise.all([bootstrap(), bootstrap()]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(await npxCalls()).toHaveLength(1);
  const waited = both.filter(({ stderr }) => stderr.startsWith("Waiting for another npm command"));
  expect(waited).toHaveLength(1);
});

it("waits for none that was killed, though its process id is that of a living process", async () => {
  await mkdir(join(checkout, ".data"));
  await writeFile(join(checkout, ".data", "bootstrap.lock"), String(process.pid));
  expect(await bootstrap()).toMatchObject({ code: 0, stderr: expect.not.stringContaining("Waiting") });
});

it("waits for the installation that one that was killed has left running", async () => {
  await standInForNpx("sleep 2; mkdir -p node_modules apps/cli/node_modules");
  await prepare();
  const first = spawn(process.execPath, [join(checkout, "scripts", "bootstrap.mjs")], { env: bootstrapEnv() });
  await expect.poll(npxCalls).toHaveLength(1);
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
  await standInForNpx("echo the registry is away; exit 7");
  const failed = await bootstrap();
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining("the registry is away") });
  expect(failed.stderr).toMatch(/error: Expected "npx .* to succeed but received: exit code 7/);
  await bootstrap();
  expect(await npxCalls()).toHaveLength(2);
});

it("shows the compiler's words when the sources have a fault", async () => {
  await writeFile(join(checkout, "apps/cli/src/main.ts"), "export const answer: number = true;\n");
  expect(await bootstrap()).toMatchObject({ code: 1, stderr: expect.stringContaining("TS2322") });
});

async function standInForNpx(action: string): Promise<void> {
  const script = `#!/bin/sh\necho "$@" >> npx-calls\n${action}\n`;
  await writeFile(join(checkout, "bin", "npx"), script, { mode: 0o755 });
}

async function prepare(): Promise<void> {
  await mkdir(join(checkout, "node_modules"), { recursive: true });
  await symlink(join(rootDir, "node_modules", "typescript"), join(checkout, "node_modules", "typescript")).catch(
    () => undefined,
  );
}

function bootstrapEnv(): NodeJS.ProcessEnv {
  return { PATH: `${join(checkout, "bin")}:/usr/bin:/bin` };
}

async function bootstrap(): Promise<{ code: number; stdout: string; stderr: string }> {
  await prepare();
  const options = { env: bootstrapEnv() };
  const run = promisify(execFile)(process.execPath, [join(checkout, "scripts", "bootstrap.mjs")], options);
  return run.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

async function npxCalls(): Promise<string[]> {
  const calls = await readFile(join(checkout, "npx-calls"), "utf8").catch(() => "");
  return calls.split("\n").filter(Boolean);
}
