import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { neededCommands } from "./redis-needs.js";

it("has every command of the scripts", async () => {
  const folder = join(import.meta.dirname, "..");
  const files = await readdir(folder, { recursive: true });
  const sources = files.filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  const texts = await Promise.all(sources.map((file) => readFile(join(folder, file), "utf8")));
  const called = texts.flatMap((text) => [...text.matchAll(/redis\.p?call\("(\w+)"/g)].map(([, name = ""]) => name));
  const needed = new Set(neededCommands("key", "channel").map(([name]) => name.toUpperCase()));
  expect(called.length).toBeGreaterThan(100);
  expect([...new Set(called)].filter((name) => !needed.has(name))).toEqual([]);
});
