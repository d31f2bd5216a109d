import { expect, test } from "vitest";
import { benchTable } from "./bench-table.js";

test("shows figures in columns, and each ratio with its aim", () => {
  const table = benchTable({
    name: "submit",
    figures: [
      { way: "BullMQ add", "jobs/s": 20_000, us: 31.256 },
      { way: "API", "jobs/s": 12_000 },
    ],
    ratios: [
      { name: "rate", value: 0.6, atLeast: 0.6 },
      { name: "p99 over p50", value: 3.21, atMost: 3 },
      { name: "batch", value: 4 },
    ],
  });
  expect(table).toBe(`submit
way         jobs/s    us
BullMQ add   20000  31.3
API          12000

rate          0.600  at least 0.6  reached
p99 over p50  3.210     at most 3   MISSED
batch         4.000
`);
});
