import { fork } from "node:child_process";
import { once } from "node:events";
import type { EngineName } from "@facefleet/core";
import type { BenchContext } from "../bench-context.js";
import type { WarmSettings } from "./warm-process/settings.js";

const main = new URL("./warm-process/main.js", import.meta.url);

/** Resident memory of a process that has the pipeline of a pack warm, and nothing else, by the packs' names. */
export async function warmMegabytes(
  { modelsDir, tfjsNodeDir }: BenchContext,
  engine: EngineName,
  packs: readonly string[],
): Promise<Map<string, number>> {
  const megabytes = new Map<string, number>();
  for (const pack of packs) {
    const settings: WarmSettings = { modelsDir, tfjsNodeDir, engine, pack };
    const child = fork(main, [JSON.stringify(settings)]);
    const exited = once(child, "exit");
    const [bytes] = (await Promise.race([once(child, "message"), exited.then(diedEarly)])) as [number];
    megabytes.set(pack, Math.round(bytes / 2 ** 20));
    child.disconnect();
    await exited;
  }
  return megabytes;
}

function diedEarly([code]: unknown[]): never {
  throw new Error(`Expected a process with a warm pipeline but it ended with exit code ${code}`);
}
