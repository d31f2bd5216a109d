import { expect, test } from "vitest";
import { MetricsPage } from "./metrics-page.js";

const page = new MetricsPage(`# HELP batch_size Images
# TYPE batch_size histogram
batch_size_sum{stage="propose"} 12
batch_size_sum{stage="embed"} 5
batch_size_sum_of_squares 99
memory_bytes 1.5e+9
`);

test("sums the samples of one name", () => {
  expect(page.sum("batch_size_sum")).toBe(17);
  expect(page.sum("memory_bytes")).toBe(1.5e9);
});

test("sums those with the labels", () => {
  expect(page.sum("batch_size_sum", { stage: "embed" })).toBe(5);
  expect(page.sum("batch_size_sum", { stage: "refine" })).toBe(0);
});
