import { type ChosenEngine, createEngine, type EngineName, engineNames, type InferenceEngine } from "@facefleet/core";
import type { BenchContext } from "./bench-context.js";

/** The engines to measure: the one that was named, or each that starts here; `engine auto` would choose first comes first. */
export async function enginesToMeasure({ engine, tfjsNodeDir, say }: BenchContext): Promise<InferenceEngine[]> {
  if (engine !== "auto") return [(await createEngine(engine, { tfjsNodeDir })).engine];
  const first = (await createEngine("auto", { tfjsNodeDir })).engine;
  const others = engineNames.filter((name) => name !== first.name);
  const started = await Promise.all(others.map((name) => start(name, tfjsNodeDir, say)));
  return [first, ...started.flatMap((chosen) => (chosen ? [chosen.engine] : []))];
}

async function start(
  name: EngineName,
  tfjsNodeDir: string,
  say: (line: string) => void,
): Promise<ChosenEngine | undefined> {
  try {
    return await createEngine(name, { tfjsNodeDir });
  } catch (error) {
    say(`not measured: ${name}. ${(error as Error).message}`);
    return undefined;
  }
}
