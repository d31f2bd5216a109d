import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Where the processes of a fleet serve /metrics, with their job's name. */
export interface ScrapeTarget {
  readonly job: "facefleet-api" | "facefleet-worker";
  /** "http://127.0.0.1:3000" */
  readonly address: string;
}

/** Where `facefleet up` leaves the targets of what it runs. */
export function scrapeTargetsFile(dataDir: string): string {
  return join(dataDir, "scrape-targets.json");
}

/** Writes the targets as Prometheus' `file_sd_configs` reads them, into a folder that need not be there yet. */
export async function writeScrapeTargets(file: string, targets: readonly ScrapeTarget[]): Promise<void> {
  const groups = targets.map(({ job, address }) => ({ targets: [new URL(address).host], labels: { job } }));
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFile(file, `${JSON.stringify(groups, undefined, 2)}\n`, { mode: 0o600 });
}

/**
 * The addresses in such a file.
 * @throws Error when there is none
 */
export async function readScrapeTargets(file: string): Promise<string[]> {
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new Error(`Expected the targets of a running fleet in ${file}, where npm start writes them, but found none`, {
      cause,
    });
  });
  const groups = JSON.parse(text) as { targets: string[] }[];
  return groups.flatMap(({ targets }) => targets.map((target) => `http://${target}`));
}
