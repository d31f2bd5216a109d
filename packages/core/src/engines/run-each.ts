import { setImmediate as nextTurn } from "node:timers/promises";
import type { Session, Tensor } from "./inference-engine.js";

/** One run of a network. */
export interface Run<Output extends string> {
  /** How many numbers its input has. */
  readonly length: number;
  /** Writes its input into memory of that length. */
  write(memory: Float32Array): Tensor | Promise<Tensor>;
  read(output: Record<Output, Tensor>): void;
}

/**
 * Runs a network on one input after the other; while one is computed the next is written.
 *
 * @throws the first error of a run, once all have ended: the memory of their inputs is that of the next call.
 */
export async function runEach<Output extends string>(
  session: Session<Output>,
  runs: readonly Run<Output>[],
): Promise<void> {
  let memory = session.input(runs.reduce((sum, { length }) => sum + length, 0));
  const ended: Promise<unknown>[] = [];
  const failures: unknown[] = [];
  try {
    for (const run of runs) {
      const input = await run.write(memory.subarray(0, run.length));
      memory = memory.subarray(run.length);
      const read = session.run(input).then((output) => run.read(output));
      ended.push(read.catch((error) => failures.push(error)));
      // Between two of them there is time for what else the thread is for.
      await nextTurn();
    }
  } finally {
    await Promise.all(ended);
  }
  if (failures.length > 0) throw failures[0];
}
