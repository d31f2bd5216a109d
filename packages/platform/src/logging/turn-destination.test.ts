import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { createLogger } from "./logger.js";
import { TurnDestination } from "./turn-destination.js";

function capture() {
  const pieces: string[] = [];
  const destination = new TurnDestination({ write: (piece) => void pieces.push(piece) });
  const logger = createLogger({ name: "api", level: "info", format: "json", destination });
  return { pieces, destination, logger };
}

it("writes the lines of a turn together, in their order, and the next turn's for themselves", async () => {
  const { pieces, logger } = capture();
  logger.info("a");
  logger.info("b");
  expect(pieces).toEqual([]);
  await turn();
  logger.info("c");
  await turn();
  expect(pieces.map((piece) => [...piece.matchAll(/"msg":"(.)"/g)].map(([, letter]) => letter))).toEqual([
    ["a", "b"],
    ["c"],
  ]);
});

it("writes at once what it holds when told to", () => {
  const { pieces, destination, logger } = capture();
  logger.fatal("the end");
  destination.flush();
  destination.flush();
  expect(pieces).toHaveLength(1);
});

it("writes no piece that a pipe would tear, and no torn line", async () => {
  const { pieces, logger } = capture();
  for (let index = 0; index < 100; index++) logger.info({ index }, "x".repeat(100));
  logger.info("y".repeat(5000));
  await turn();
  expect(pieces.length).toBeGreaterThan(2);
  for (const piece of pieces.slice(0, -1)) expect(piece.length).toBeLessThanOrEqual(4096);
  const lines = pieces.flatMap((piece) => piece.trimEnd().split("\n"));
  expect(lines.map((line) => JSON.parse(line).index)).toEqual([...Array(100).keys(), undefined]);
});
