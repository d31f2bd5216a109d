// Builds what others install, into a folder: the tarballs of `facefleet` and `@facefleet/client`, the wheel of the
// Python client, and, where Docker or podman is, the images. Publishes nothing.
// node scripts/release.mjs [--to <folder>] [--images]
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { layOutFacefleet } from "./release/facefleet-package.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const images = [
  ["api", []],
  ["worker-cpu", []],
  ["worker-gpu", ["--target", "onnx-cuda"]],
];

function main() {
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
  packPythonClient(to);
  if (values.images) buildImages();
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

function packPythonClient(to) {
  run("python3", ["-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", to, join(root, "clients", "python")]);
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

main();
