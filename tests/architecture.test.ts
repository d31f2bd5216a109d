import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { expect, it } from "vitest";
import { repository } from "./support/test-data.js";

/* Which module may import what is in .dependency-cruiser.mjs; here is what that has no rule for. */

const rules = [
  { what: "ends the process", pattern: /(?<![.#\w])process\.(exit|abort|exitCode)\b/, only: /\/main\.ts$/ },
  { what: "listens for signals", pattern: /(?<![.#\w])process\.(on|once)\(/, only: /\/main\.ts$/ },
  // What the library of an engine reads nowhere else is set before it is loaded; request-lines shows others how.
  { what: "reads the environment", pattern: /\bprocess\.env\b/, only: /\/(config|no-usage-data|request-lines)\.ts$/ },
];

async function sources(): Promise<string[]> {
  const packages = await Promise.all(["apps", "packages"].map((group) => foldersIn(join(repository, group))));
  const roots = [...packages.flat(), join(repository, "bench")].map((folder) => join(folder, "src"));
  const files = await Promise.all(
    roots.map(async (root) => {
      const names = await readdir(root, { recursive: true }).catch(() => []);
      return names.map((name) => join(root, name));
    }),
  );
  return files.flat().filter((file) => /\.tsx?$/.test(file) && !/\.test\.ts$/.test(file));
}

async function foldersIn(folder: string): Promise<string[]> {
  return (await readdir(folder)).map((name) => join(folder, name));
}

it.each(rules)("only the right files contain what $what", async ({ pattern, only }) => {
  const files = await sources();
  expect(files.length).toBeGreaterThan(50);
  const guilty = [];
  for (const file of files) {
    const code = (await readFile(file, "utf8")).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
    if (pattern.test(code) && !only.test(file)) guilty.push(file.slice(repository.length));
  }
  expect(guilty).toEqual([]);
});

it("each decision has a number of its own, that its title says", async () => {
  const folder = join(repository, "docs", "adr");
  const files = (await readdir(folder)).filter((file) => file !== "README.md").sort();
  const titles = await Promise.all(
    files.map(async (file) => /^# (\d+)\. /.exec(await readFile(join(folder, file), "utf8"))),
  );
  expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(files.map((_, index) => index + 1));
  expect(titles.map((title) => Number(title?.[1]))).toEqual(files.map((_, index) => index + 1));
});

it("one image is walked through files that there are", async () => {
  const page = await readFile(join(repository, "docs", "one-image.md"), "utf8");
  const named = [...page.matchAll(/`([\w-]+\.ts)`/g)].map(([, name]) => name!);
  const names = new Set((await sources()).map((file) => basename(file)));
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter((name) => !names.has(name))).toEqual([]);
});
