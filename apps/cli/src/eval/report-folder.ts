import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Writes `report.json` and the plots, by file name, into a folder that is made where it is missing. */
export async function writeReport(
  folder: string,
  report: object,
  plots: Readonly<Record<string, string>>,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "report.json"), reportJson(report));
  for (const [name, svg] of Object.entries(plots)) await writeFile(join(folder, name), svg);
}

export function reportJson(report: object): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}
