import { EventEmitter } from "node:events";
import type { Worker } from "bullmq";
import { expect, test } from "vitest";
import { createLogger } from "../../logging/index.js";
import { Taking } from "./taking.js";

test("what fails for many jobs at once is one line", () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const worker = new EventEmitter();
  const logger = createLogger({ name: "worker", level: "info", format: "json", destination });
  new Taking(worker as Worker, { isReady: true }, logger);
  for (const id of ["j1", "b2.0", "b2.1"]) worker.emit("error", new Error(`could not renew lock for job ${id}`));
  worker.emit("error", new Error("Missing lock for job j1. moveToFinished"));
  expect(lines.map((line) => JSON.parse(line).err.message)).toEqual([
    "could not renew lock for job j1",
    "Missing lock for job j1. moveToFinished",
  ]);
});
