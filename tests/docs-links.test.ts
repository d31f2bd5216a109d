import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it } from "vitest";
import { repository } from "./support/test-data.js";

const pages = execFileSync("git", ["ls-files", "*.md"], { cwd: repository, encoding: "utf8" })
  .split("\n")
  .filter((page) => page !== "" && existsSync(join(repository, page)));

/** The text without what is code. */
function prose(page: string): string {
  return readFileSync(join(repository, page), "utf8")
    .replace(/```[\s\S]*?```/g, "")
    .replace(/`[^`\n]*`/g, "`");
}

/** The places in a page, as those who show it name them. */
function places(page: string): string[] {
  const text = readFileSync(join(repository, page), "utf8").replace(/```[\s\S]*?```/g, "");
  return [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = ""]) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, "")
      .replaceAll(" ", "-"),
  );
}

it("every link within the documentation leads somewhere", () => {
  const broken = pages.flatMap((page) =>
    [...prose(page).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(([, path = "", place]) => {
      const target = path === "" ? page : join(dirname(page), path);
      const isThere = existsSync(join(repository, target)) && (place === undefined || places(target).includes(place));
      return isThere ? [] : [`${page}: ${path}${place === undefined ? "" : `#${place}`}`];
    }),
  );
  expect(broken).toEqual([]);
});

it("every page of docs/ is found from the README", () => {
  const readme = prose("README.md");
  const lost = pages.filter((page) => /^docs\/[^/]+\.md$/.test(page) && !readme.includes(`](${page}`));
  expect(lost).toEqual([]);
});
