import { expect, test } from "vitest";
import { createLogger } from "./logger.js";
import { warningLines } from "./warning-lines.js";

test("a warning is a line of the log, and one of its kind is not repeated at once", () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const warn = warningLines(createLogger({ name: "api", level: "info", format: "json", destination }));
  const named = (name: string) => Object.assign(new Error("11 listeners"), { name });
  for (const name of ["MaxListenersExceededWarning", "MaxListenersExceededWarning", "DeprecationWarning"]) {
    warn(named(name));
  }
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 40, err: { type: "MaxListenersExceededWarning", message: "11 listeners" } },
    { level: 40, err: { type: "DeprecationWarning" } },
  ]);
});
