import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rootDir } from "../../config.js";
import type { DistancesReport } from "./evaluate-distances.js";

/** Writes what was measured where the sources of the pack take it from. */
export async function pinDistances(pack: string, reports: readonly DistancesReport[]): Promise<void> {
  const file = join(rootDir, "packages", "core", "src", "models", "packs", `${pack}.distances.json`);
  const measured = Object.fromEntries(reports.map(({ embedding, measurement }) => [embedding, [measurement]]));
  // One kind may be measured alone: the others keep their figures.
  const known = JSON.parse(await readFile(file, "utf8"));
  await writeFile(file, `${JSON.stringify({ ...known, ...measured }, undefined, 2)}\n`);
}
