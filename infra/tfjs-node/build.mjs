// Builds the native addon of @tensorflow/tfjs-node from the package's own sources, against any libtensorflow 2.x,
// in a folder of its own outside the workspace. Does nothing when that has been done. See README.md beside it.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";

const packageVersion = "4.22.0";
/** The test suite runs on this one; its GPU form wants CUDA 12.2 and cuDNN 8.9. */
const tensorflowVersion = "2.15.1";
const wheelPlatform = { x64: "manylinux2014_x86_64", arm64: "manylinux2014_aarch64" }[process.arch];

class BuildError extends Error {}

const { values: given } = parseArgs({
  options: { gpu: { type: "boolean", default: false }, from: { type: "string" }, to: { type: "string" } },
});
// biome-ignore lint/style/noProcessEnv: where the cache folder is
const cacheHome = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
const packageName = given.gpu ? "@tensorflow/tfjs-node-gpu" : "@tensorflow/tfjs-node";
const source = given.from ?? `${given.gpu ? "tensorflow" : "tensorflow-cpu"}==${tensorflowVersion}`;
const target = resolve(given.to ?? join(cacheHome, "facefleet", "tfjs-node"));
const home = join(target, "node_modules", packageName);
const deps = join(home, "deps");
const stampFile = join(home, "built.json");

function main() {
  const stamp = JSON.stringify({ package: `${packageName}@${packageVersion}`, source, napi: napiVersion() });
  if (existsSync(stampFile) && readFileSync(stampFile, "utf8") === stamp) return say(`${home} is up to date`);
  if (process.platform !== "linux") throw new BuildError(`Expected Linux but received ${process.platform}`);
  rmSync(stampFile, { force: true });
  installSources();
  provideLibtensorflow();
  compile();
  const version = loadOnce();
  writeFileSync(stampFile, stamp);
  say(`${packageName} ${packageVersion} runs on libtensorflow ${version}; use it with TFJS_NODE_DIR=${target}`);
}

/** The package with its dependencies, but without its install script, which downloads libtensorflow. */
function installSources() {
  say(`Installing the sources of ${packageName} ${packageVersion}`);
  mkdirSync(target, { recursive: true });
  const manifest = join(target, "package.json");
  // npm puts its own node-gyp on the path of a package's scripts, and only there.
  if (!existsSync(manifest)) writeFileSync(manifest, '{ "private": true, "scripts": { "node-gyp": "node-gyp" } }\n');
  run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", `${packageName}@${packageVersion}`]);
}

/** Fills deps/include and deps/lib, where the package's binding.gyp looks. */
function provideLibtensorflow() {
  rmSync(deps, { recursive: true, force: true });
  mkdirSync(deps);
  if (!existsSync(source)) useRequirement();
  else if (statSync(source).isDirectory()) useFolder(resolve(source));
  else if (source.endsWith(".whl")) useWheel(resolve(source));
  else run("tar", ["-xf", resolve(source), "-C", deps]);
  linkPlainNames();
}

function useRequirement() {
  say(`Fetching ${source}, some hundred megabytes`);
  const folder = mkdtempSync(join(target, "wheel-"));
  try {
    // Only the C library is used, so that any CPython's wheel will do, whatever Python runs here.
    const wheel = ["--only-binary", ":all:", "--python-version", "3.11", "--platform", wheelPlatform];
    run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", ...wheel, "--dest", folder, source]);
    useWheel(
      join(
        folder,
        readdirSync(folder).find((name) => name.endsWith(".whl")),
      ),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function useWheel(file) {
  const unpacked = join(deps, "wheel");
  run("python3", [join(import.meta.dirname, "unpack-wheel.py"), file, unpacked]);
  useFolder(join(unpacked, "tensorflow"));
  rmSync(unpacked, { recursive: true });
}

/** A folder with include/ and with the libraries in lib/, as in the official archive, or beside it, as in a wheel. */
function useFolder(folder) {
  const libraries = existsSync(join(folder, "lib")) ? join(folder, "lib") : folder;
  if (!existsSync(join(folder, "include")))
    throw new BuildError(`Expected a folder include/ in ${source} but there is none`);
  cpSync(join(folder, "include"), join(deps, "include"), { recursive: true });
  mkdirSync(join(deps, "lib"));
  for (const name of readdirSync(libraries).filter((name) => name.startsWith("libtensorflow"))) {
    cpSync(join(libraries, name), join(deps, "lib", name), { verbatimSymlinks: true });
  }
}

/** The linker is told -ltensorflow and -ltensorflow_framework; a wheel calls the first libtensorflow_cc.so.2. */
function linkPlainNames() {
  const libraries = join(deps, "lib");
  const names = existsSync(libraries) ? readdirSync(libraries) : [];
  const wanted = {
    "libtensorflow.so": /^libtensorflow(_cc)?\.so\.2$/,
    "libtensorflow_framework.so": /_framework\.so\.2$/,
  };
  for (const [plain, pattern] of Object.entries(wanted)) {
    const versioned = names.find((name) => pattern.test(name));
    if (!versioned)
      throw new BuildError(`Expected ${pattern} in ${source} but received ${names.join(", ") || "nothing"}`);
    if (!names.includes(plain)) symlinkSync(versioned, join(libraries, plain));
  }
}

function compile() {
  say("Compiling the addon");
  const prefix = dirname(dirname(process.execPath));
  const headers = existsSync(join(prefix, "include", "node", "node_api.h")) ? [`--nodedir=${prefix}`] : [];
  run("npm", [
    ...["run", "--silent", "node-gyp", "--", "rebuild", "--directory", home, ...headers],
    ...["--module_name=tfjs_binding", `--module_path=${join(home, "lib", `napi-v${napiVersion()}`)}`],
    `--napi_build_version=${napiVersion()}`,
  ]);
  rmSync(join(home, "build"), { recursive: true });
  rmSync(join(deps, "include"), { recursive: true });
}

/** The newest Node-API that both this Node and the package know; the package looks for its addon under it. */
function napiVersion() {
  return Math.min(Number(process.versions.napi), 8);
}

/** In a process of its own, as a library that does not fit may end it. */
function loadOnce() {
  const program = "console.log(require(process.argv[1]).backend().binding.TF_Version)";
  return run(process.execPath, ["--eval", program, home]).trim();
}

function run(command, args) {
  const result = spawnSync(command, args, { cwd: target, encoding: "utf8", maxBuffer: 1 << 28 });
  if (result.status === 0) return result.stdout;
  process.stderr.write(`${result.stdout || ""}${result.stderr || ""}`);
  const outcome = result.error ? result.error.message : result.signal || `exit code ${result.status}`;
  throw new BuildError(`Expected "${basename(command)} ${args.join(" ")}" to succeed but received: ${outcome}`);
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

try {
  main();
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  say(`error: ${error.message}`);
  process.exitCode = 1;
}
