import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { type QueueBench, result } from "./queue-bench.js";

const fixture = fileURLToPath(new URL("./fixtures/consumer.mjs", import.meta.url));

export const lockDurationMs = 1000;

/** A real worker process. It sends what it does, as the fixture says. */
export function startWorkerProcess(bench: QueueBench, behaviour: "hang" | "hold"): ChildProcess {
  const { REDIS_URL, QUEUE_PREFIX } = bench.settings;
  const child = fork(fixture, [REDIS_URL, QUEUE_PREFIX, `${lockDurationMs}`, behaviour, JSON.stringify(result)], {
    execArgv: [],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}
