import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import type { BenchReport } from "@facefleet/bench";

/** Writes what was measured, and on what. */
export async function writeBenchJson(file: string, reports: readonly BenchReport[]): Promise<void> {
  const machine = { cpu: cpus()[0]?.model, cores: cpus().length, node: process.versions.node };
  await writeFile(file, `${JSON.stringify({ machine, reports }, null, 2)}\n`);
}
