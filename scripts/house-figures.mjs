// How large the house is: files, lines and the median file of each package and of the tests; and what it costs to ask the
// command line for help, in milliseconds of CPU and megabytes. Needs a build.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./bootstrap/checkout.mjs";

const isTest = (file) => /\.test\.ts$|\/test\/|^tests\//.test(file);

/** Told on stderr by the process itself, as it ends. */
const report = `import { writeSync } from "node:fs";
process.on("exit", () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  writeSync(2, JSON.stringify({ ms: Math.round((userCPUTime + systemCPUTime) / 1e3), MB: Math.round(maxRSS / 1024) }));
});`;

function sizesOfParts() {
  const files = execFileSync("git", ["ls-files", "*.ts", "*.tsx", "*.mjs"], { cwd: root, encoding: "utf8" })
    .trim()
    .split("\n");
  const parts = new Map([["all but tests", files.filter((file) => !isTest(file))]]);
  for (const file of files) {
    const part = isTest(file)
      ? "tests"
      : file
          .split("/")
          .slice(0, /^(apps|packages)\//.test(file) ? 2 : 1)
          .join("/");
    parts.set(part, [...(parts.get(part) ?? []), file]);
  }
  return Object.fromEntries([...parts].map(([part, own]) => [part, sizes(own)]));
}

function sizes(files) {
  const lines = files.map((file) => readFileSync(join(root, file), "utf8").split("\n").length - 1);
  lines.sort((a, b) => a - b);
  return { files: lines.length, lines: lines.reduce((sum, count) => sum + count, 0), median: lines[lines.length >> 1] };
}

function costOf(...words) {
  const preload = `data:text/javascript,${encodeURIComponent(report)}`;
  const args = ["--import", preload, join(root, "apps", "cli", "dist", "main.js"), ...words];
  return JSON.parse(spawnSync(process.execPath, args, { encoding: "utf8" }).stderr);
}

function print(title, rows) {
  process.stdout.write(`${title}\n`);
  for (const [name, figures] of Object.entries(rows)) {
    const words = Object.entries(figures).map(([what, figure]) => `${what} ${figure}`.padEnd(14));
    process.stdout.write(`  ${name.padEnd(24)} ${words.join("").trimEnd()}\n`);
  }
}

print("Sources", sizesOfParts());
print(
  "Command line",
  Object.fromEntries([["--help"], ["keys", "--help"]].map((words) => [words.join(" "), costOf(...words)])),
);
