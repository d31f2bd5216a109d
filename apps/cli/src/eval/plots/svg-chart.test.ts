import { expect, it } from "vitest";
import { countTicks, evenTicks, SvgChart } from "./svg-chart.js";

const axis = (label: string) => ({ label, from: 0, to: 10, ticks: evenTicks(0, 10, 5) });

it("draws axes with labels and ticks", () => {
  const svg = new SvgChart("Title <&>", axis("across"), axis("up")).toString();
  expect(svg).toContain("Title &lt;&amp;&gt;");
  for (const text of ["across", "up", "0", "2", "4", "6", "8", "10"]) expect(svg).toContain(`>${text}</text>`);
});

it("puts values where the axes say", () => {
  const at = (x: number, y: number) =>
    /cx="([\d.]+)" cy="([\d.]+)"/.exec(new SvgChart("", axis(""), axis("")).dot(x, y, "red").toString())!;
  const [, left, bottom] = at(0, 0).map(Number) as [number, number, number];
  const [, right, top] = at(10, 10).map(Number) as [number, number, number];
  const [, middle, centre] = at(5, 5).map(Number) as [number, number, number];
  expect(right).toBeGreaterThan(left);
  expect(bottom).toBeGreaterThan(top);
  expect([middle, centre]).toEqual([(left + right) / 2, (top + bottom) / 2]);
  // Beyond the end is put at the end.
  expect(at(99, 5)[1]).toBe(String(right));
});

it("gives each factor of ten the same room", () => {
  const x = { label: "", from: 0.01, to: 1, ticks: [], logarithmic: true };
  const at = (value: number) =>
    Number(/cx="([\d.]+)"/.exec(new SvgChart("", x, axis("")).dot(value, 0, "red").toString())?.[1]);
  expect(at(0.1) - at(0.01)).toBeCloseTo(at(1) - at(0.1));
  // A rate of 0 has no logarithm.
  expect(at(0)).toBe(at(0.01));
});

it.each([
  [0, [0, 1]],
  [3, [0, 1, 2, 3]],
  [64, [0, 20, 40, 60, 80]],
  [1234, [0, 500, 1000, 1500]],
])("finds round ticks for %d", (highest, ticks) => {
  expect(countTicks(highest)).toEqual(ticks);
});
