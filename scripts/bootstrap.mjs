// Makes a checkout ready to run: dependencies installed, sources built. Needs nothing but Node and its npm,
// does only what is to be done, and says so in one line each.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { waitForLock } from "../packages/stack/src/file-lock.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const stampFile = join(root, "node_modules", ".facefleet-install");
const dataDir = join(root, ".data");

class BootstrapError extends Error {}

async function main() {
  checkNode();
  const lock = await waitForLock(join(dataDir, "bootstrap.lock"), () =>
    say("Waiting for another npm command, which is installing or building this checkout"),
  );
  try {
    // One that an older version has made is open to everybody.
    chmodSync(dataDir, 0o700);
    install(lock.fd);
    build(lock.fd);
  } finally {
    await lock.close();
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 11)) return;
  throw new BootstrapError(
    `Expected Node 20.11 or newer but received ${process.versions.node}; see https://nodejs.org`,
  );
}

function install(lock) {
  const stamp = installStamp();
  if (isInstalled() && existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return;
  say("Installing dependencies (the first time takes a minute or two)");
  const pnpm = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).packageManager;
  // biome-ignore lint/style/noProcessEnv: passed on, with CI so that pnpm asks no questions that nobody sees
  const env = { ...process.env, CI: "true" };
  run("npx", ["--yes", pnpm, "install", "--frozen-lockfile"], lock, env);
  writeFileSync(stampFile, stamp);
}

/** Changes when an installation made before no longer fits this checkout or this Node. */
function installStamp() {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  const manifests = workspaceFolders().map((folder) => join(folder, "package.json"));
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", ...manifests]) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return hash.digest("hex");
}

function isInstalled() {
  const folders = ["", ...workspaceFolders().filter(needsPackages)];
  return folders.every((folder) => existsSync(join(root, folder, "node_modules")));
}

/** An installation leaves nothing in a folder that depends on nothing. */
function needsPackages(folder) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  return Boolean(dependencies || devDependencies);
}

function workspaceFolders() {
  const grouped = ["apps", "packages"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(group, name)),
  );
  return [...grouped, "bench"].filter((folder) => existsSync(join(root, folder, "package.json")));
}

function build(lock) {
  if (!existsSync(join(root, "apps", "cli", "dist", "main.js"))) say("Building");
  run(process.execPath, [join(root, "node_modules", "typescript", "bin", "tsc"), "-b"], lock);
}

/** The program keeps the lock while it runs: it may outlive this process. */
function run(command, args, lock, env) {
  const stdio = ["ignore", "pipe", "pipe", lock];
  const result = spawnSync(command, args, { cwd: root, env, stdio, encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status === 0) return;
  process.stderr.write(`${result.stdout || ""}${result.stderr || ""}`);
  const outcome = result.error ? result.error.message : result.signal || `exit code ${result.status}`;
  throw new BootstrapError(`Expected "${command} ${args.join(" ")}" to succeed but received: ${outcome}`);
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof BootstrapError)) throw error;
  say(`error: ${error.message}`);
  process.exitCode = 1;
}
