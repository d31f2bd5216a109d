import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DetectorName } from "@facefleet/contracts";
import { rootDir } from "../../checkout.js";
import type { DistancesReport } from "./evaluate-distances.js";

/** Writes what was measured where the sources of the pack take it from. */
export async function pinDistances(
  pack: string,
  detector: DetectorName,
  reports: readonly DistancesReport[],
): Promise<void> {
  const file = join(rootDir, "packages", "core", "src", "models", "packs", `${pack}.distances.json`);
  const measured = Object.fromEntries(reports.map(({ embedding, measurement }) => [embedding, [measurement]]));
  // One kind of one detector may be measured alone: the others keep their figures.
  const known = JSON.parse(await readFile(file, "utf8"));
  const pinned = { ...known, [detector]: { ...known[detector], ...measured } };
  await writeFile(file, `${JSON.stringify(pinned, undefined, 2)}\n`);
}
