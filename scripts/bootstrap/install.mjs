import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root, say } from "./checkout.mjs";
import { packageManagerEnvironment } from "./package-manager-environment.mjs";
import { runLocked, runOrShow } from "./run-locked.mjs";

const stampFile = join(root, "node_modules", ".facefleet-install");

/**
 * A connection that fails at first is tried again, but nobody waits a minute to be told that there is none; and what
 * has been fetched before needs none.
 */
const impatient = {
  npm_config_prefer_offline: "true",
  npm_config_fetch_retries: "1",
  npm_config_fetch_retry_mintimeout: "1000",
  npm_config_fetch_timeout: "15000",
};

/** Megabytes that an installation takes, pnpm's store included, and those that the store does not save. */
const room = { production: 800, all: 1100, withStore: 350 };

/** @param {"production" | "all"} packages what it takes to run, or all that it takes to work on it */
export function isInstalled(packages) {
  const stamp = existsSync(stampFile) ? readFileSync(stampFile, "utf8") : "";
  const fits = [...new Set([packages, "all"])].find((kind) => stamp === stampOf(kind));
  return fits !== undefined && hasFolders(fits);
}

export async function install(packages, lock) {
  // What is here to work with stays.
  const kind = existsSync(stampFile) && readFileSync(stampFile, "utf8").startsWith("all ") ? "all" : packages;
  const env = packageManagerEnvironment();
  const pnpm = fetchPnpm(lock, env);
  checkRoom(pnpm, kind, lock, env);
  say("Installing dependencies (the first time takes a minute or two)");
  const production = kind === "production" ? ["--prod"] : [];
  runOrShow(pnpm, ["install", "--frozen-lockfile", ...production], lock, env);
  writeFileSync(stampFile, stampOf(kind));
}

/** The program's path. It is the first that is asked of the registry, and little. */
function fetchPnpm(lock, env) {
  const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const ask = ["--yes", "--package", packageManager, "--call", "command -v pnpm"];
  const { failure, stdout, stderr } = runLocked("npx", ask, lock, { ...env, ...impatient });
  if (failure === undefined) return stdout.trim();
  throw new Error(
    `Expected ${packageManager} from npm's registry but received: ${reasonOf(stderr) ?? failure}; ` +
      "npm config get registry says which it is, and npm config set registry <url> chooses another",
  );
}

/** Of npm's many lines the one that says why. */
function reasonOf(stderr) {
  const lines = stderr.split("\n").map((line) => line.replace(/^npm (error|ERR!) ?/, "").trim());
  return lines.find((line) => line !== "" && !/^(code|errno|syscall) /.test(line));
}

function checkRoom(pnpm, kind, lock, env) {
  const { stdout } = runLocked(pnpm, ["store", "path"], lock, env);
  const needed = stdout.trim() && existsSync(stdout.trim()) ? room.withStore : room[kind];
  const { bavail, bsize } = statfsSync(root);
  const free = Math.floor((bavail * bsize) / 1e6);
  if (free < needed) throw new Error(`Expected ${needed} MB free in ${root} to install into but received ${free} MB`);
}

/** Changes when an installation made before no longer fits this checkout or this Node. */
function stampOf(packages) {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch} ${process.versions.modules}`);
  const manifests = workspaceFolders().map((folder) => join(folder, "package.json"));
  for (const file of ["pnpm-lock.yaml", "pnpm-workspace.yaml", "package.json", ...manifests]) {
    hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
  }
  return `${packages} ${hash.digest("hex")}`;
}

function hasFolders(packages) {
  const folders = ["", ...workspaceFolders().filter((folder) => needsPackages(folder, packages))];
  return folders.every((folder) => existsSync(join(root, folder, "node_modules")));
}

/** An installation leaves nothing in a folder that depends on nothing. */
function needsPackages(folder, packages) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8"));
  return Boolean(dependencies || (packages === "all" && devDependencies));
}

function workspaceFolders() {
  const grouped = ["apps", "packages"].flatMap((group) =>
    readdirSync(join(root, group)).map((name) => join(group, name)),
  );
  return [...grouped, "bench", join("infra", "docker", "worker")].filter((folder) =>
    existsSync(join(root, folder, "package.json")),
  );
}
