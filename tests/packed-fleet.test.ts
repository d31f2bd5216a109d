import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, realpath, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { freePort } from "@facefleet/stack";
import { afterAll, beforeAll, expect, it } from "vitest";
import { layOutFacefleet } from "../scripts/release/facefleet-package.mjs";
import { repository } from "./support/test-data.js";

/*
 * The package `facefleet` as it is packed, in a folder from which nothing of the sources is seen. What it needs of others
 * is linked from the checkout instead of being fetched: exactly what its manifest names, and so nothing may be missing.
 */

const run = promisify(execFile);
// biome-ignore lint/style/noProcessEnv: where programs are
const { PATH } = process.env;

let folder: string;
let inside: string;
let manifest: { version: string; dependencies: Record<string, string>; bundleDependencies: string[] };

beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "packed-")));
  layOutFacefleet(repository, join(folder, "laid-out"));
  const packing = ["pack", "--silent", "--pack-destination", folder];
  const { stdout } = await run("npm", packing, { cwd: join(folder, "laid-out") });
  await rm(join(folder, "laid-out"), { recursive: true });
  inside = join(folder, "node_modules", "facefleet");
  await mkdir(inside, { recursive: true });
  await run("tar", ["-xzf", join(folder, stdout.trim()), "-C", inside, "--strip-components", "1"]);
  manifest = JSON.parse(await readFile(join(inside, "package.json"), "utf8"));
  for (const name of Object.keys(manifest.dependencies)) {
    if (!manifest.bundleDependencies.includes(name)) await link(name);
  }
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

async function link(name: string): Promise<void> {
  const homes = [...manifest.bundleDependencies].flatMap((member) => {
    const short = member.replace("@facefleet/", "");
    return ["apps", "packages"].map((group) => join(repository, group, short, "node_modules", name));
  });
  // What is held at a version is needed by others only.
  const home = [...homes, join(repository, "node_modules", ".pnpm", "node_modules", name)].find(existsSync);
  if (home === undefined) throw new Error(`Expected ${name} to be needed by one of our packages`);
  const place = join(folder, "node_modules", name);
  await mkdir(dirname(place), { recursive: true });
  await symlink(await realpath(home), place);
}

async function facefleet(...args: string[]): Promise<string> {
  const program = join(inside, "bin", "facefleet.js");
  const { stdout } = await run(process.execPath, [program, ...args], { cwd: folder, env: { PATH, HOME: folder } });
  return stdout;
}

it("says its version, and shows no commands that only a checkout has", async () => {
  expect(await facefleet("--version")).toBe(`${manifest.version}\n`);
  expect(await facefleet("--help")).not.toMatch(/^ +(bench|eval|load) /m);
  await expect(facefleet("bench", "--help")).rejects.toThrow(/Expected a checkout for this command/);
});

it("brings everything of ours along, and asks for nothing of this repository", async () => {
  expect(JSON.stringify(manifest)).not.toContain("workspace:");
  expect(manifest.bundleDependencies).toContain("@facefleet/models");
  expect(existsSync(join(inside, "LICENSE"))).toBe(true);
});

it("starts the fleet, which finds a face, and keeps its data in the user's own folder", async () => {
  const port = await freePort();
  const env = { PATH, HOME: folder, PORT: String(port), INFERENCE_PROCESSES: "1" };
  const program = join(inside, "bin", "facefleet.js");
  const up = spawn(process.execPath, [program, "up"], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  const exited = once(up, "close");
  let said = "";
  for (const stream of [up.stdout, up.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  try {
    const ended = exited.then(() => true);
    while (!said.includes("A first request")) {
      const over = await Promise.race([ended, once(up.stdout, "data").then(() => false)]);
      if (over) throw new Error(`Expected the fleet to start but received:\n${said}`);
    }
    const [, portrait] = /-F image=@(\S+)/.exec(said) ?? [];
    const found = await facefleet("submit", "--url", `http://127.0.0.1:${port}`, "--json", join(folder, portrait!));
    expect(JSON.parse(found).job).toMatchObject({ state: "succeeded", result: { faces: [expect.anything()] } });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toMatch(/src="console\/main-\w+\.js"/);
    expect(existsSync(join(folder, ".local", "share", "facefleet", "objects"))).toBe(true);
  } finally {
    up.kill("SIGINT");
  }
  expect((await exited)[0]).toBe(0);
});
