import { readdir, readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const sources = new URL("../src/", import.meta.url);

/* What the linter cannot tell: that an import is one of types. */
it("needs nothing of another module when it runs", async () => {
  const names = (await readdir(sources)).filter((name) => !name.endsWith(".test.ts"));
  expect(names).toContain("facefleet-client.ts");
  for (const name of names) {
    const code = await readFile(new URL(name, sources), "utf8");
    const imports = [...code.matchAll(/^(?:import|export)\s(?:[^;"]*\sfrom\s)?"([^"]+)";/gm)];
    const needed = imports.filter(([statement, from]) => !/^\w+ type /.test(statement) && !from!.startsWith("./"));
    expect(needed.map(([statement]) => `${name}: ${statement}`)).toEqual([]);
  }
});
