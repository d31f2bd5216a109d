import { readdir, readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const sources = new URL("../src/", import.meta.url);

/* Types included: whoever installs the client has nothing else of this repository. */
it("names no other package", async () => {
  const names = (await readdir(sources)).filter((name) => !name.endsWith(".test.ts"));
  expect(names).toContain("facefleet-client.ts");
  for (const name of names) {
    const code = await readFile(new URL(name, sources), "utf8");
    const imports = [...code.matchAll(/^(?:import|export)\s(?:[^;"]*\sfrom\s)?"([^"]+)";/gm)];
    expect(imports.map(([, from]) => from).filter((from) => !from!.startsWith("./"))).toEqual([]);
  }
});
