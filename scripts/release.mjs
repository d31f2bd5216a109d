// Builds what others install, into a folder: the tarballs of `facefleet` and `@facefleet/client`, the wheel and the sources of
// the Python client, and with --images the images, which takes Docker or podman. Publishes nothing.
// node scripts/release.mjs [--to <folder>] [--images]
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { noPython, providePython } from "./generate/python-environment.mjs";
import { layOutFacefleet } from "./release/facefleet-package.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const images = [
  ["api", []],
  ["worker-cpu", []],
  ["worker-gpu", ["--target", "onnx-cuda"]],
];

async function main() {
  const options = {
    to: { type: "string", default: join(root, "release") },
    images: { type: "boolean", default: false },
  };
  const { values } = parseArgs({ options });
  const to = resolve(values.to);
  mkdirSync(to, { recursive: true });
  run(process.execPath, [join(root, "scripts", "bootstrap.mjs")]);
  packClient(to);
  packFacefleet(to);
  await packPythonClient(to);
  if (values.images) buildImages();
  else process.stderr.write("No images: they are built with --images\n");
}

function packClient(to) {
  run("npm", ["pack", "--pack-destination", to], join(root, "packages", "client"));
}

function packFacefleet(to) {
  const folder = mkdtempSync(join(tmpdir(), "facefleet-package-"));
  try {
    layOutFacefleet(root, folder);
    run("npm", ["pack", "--pack-destination", to], folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function packPythonClient(to) {
  const reason = noPython();
  if (reason) throw new Error(`Expected a Python for the Python client but there is ${reason}`);
  const client = join(root, "clients", "python");
  // biome-ignore lint/style/noProcessEnv: where the user's cache is
  const python = await providePython(client, process.env);
  run(python, ["-m", "hatchling", "build", "--target", "wheel", "--target", "sdist", "--directory", to], client);
}

function buildImages() {
  const tool = ["docker", "podman"].find((name) => spawnSync(name, ["--version"]).status === 0);
  if (!tool) throw new Error("Expected docker or podman on the PATH for --images but found neither");
  for (const [name, more] of images) {
    const file = join("infra", "docker", `${name}.Dockerfile`);
    run(tool, ["build", "--file", file, ...more, "--tag", `facefleet/${name}:${version}`, "."]);
  }
}

function run(program, args, cwd = root) {
  process.stderr.write(`${[program, ...args].join(" ")}\n`);
  execFileSync(program, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
}

await main();
