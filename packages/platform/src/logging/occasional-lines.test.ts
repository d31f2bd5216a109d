import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createLogger } from "./logger.js";
import { OccasionalLines } from "./occasional-lines.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function open() {
  const lines: Record<string, unknown>[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const logger = createLogger({ name: "test", level: "info", format: "json", destination });
  const occasional = new OccasionalLines(logger, 1000);
  return { occasional, said: () => lines.splice(0).map(({ msg, job, times }) => ({ msg, job, times })) };
}

it("writes the first of a kind at once, and then at most one in a while, the latest, with how many there were", () => {
  const { occasional, said } = open();
  for (let job = 1; job <= 1000; job++) occasional.write("warn", { job }, "the store is away");
  expect(said()).toEqual([{ msg: "the store is away", job: 1 }]);
  vi.advanceTimersByTime(1000);
  expect(said()).toEqual([{ msg: "the store is away", job: 1000, times: 999 }]);
  occasional.write("warn", { job: 2000 }, "the store is away");
  expect(said()).toEqual([]);
  vi.advanceTimersByTime(1000);
  expect(said()).toEqual([{ msg: "the store is away", job: 2000, times: 1 }]);
  vi.advanceTimersByTime(5000);
  expect(said()).toEqual([]);
  occasional.write("warn", { job: 3000 }, "the store is away");
  expect(said()).toEqual([{ msg: "the store is away", job: 3000 }]);
});

it("tells kinds apart, and counts nothing that would not be written", () => {
  const { occasional, said } = open();
  occasional.write("debug", {}, "too detailed");
  occasional.write("error", {}, "request failed", "queue_unavailable");
  occasional.write("error", {}, "request failed", "store_unavailable");
  occasional.write("warn", {}, "request failed", "store_unavailable");
  vi.advanceTimersByTime(5000);
  expect(said()).toHaveLength(3);
});
