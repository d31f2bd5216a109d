import { expect, test } from "vitest";
import { faultsOf, type PlannedFault, planFaults } from "./fault-plan.js";

const minutes = (count: number) => count * 60_000;
const nameOf = ({ part, kind }: PlannedFault) => `${part} ${kind}`;

test("is the same for the same seed, and another for another", () => {
  expect(planFaults(7, minutes(5))).toEqual(planFaults(7, minutes(5)));
  expect(planFaults(8, minutes(5))).not.toEqual(planFaults(7, minutes(5)));
});

test("has everything happen to each part that can, alike often", () => {
  const names = planFaults(1, minutes(60)).map(nameOf);
  const all = Object.entries(faultsOf).flatMap(([part, kinds]) => kinds.map((kind) => `${part} ${kind}`));
  const counts = all.map((name) => names.filter((other) => other === name).length);
  expect(Math.min(...counts)).toBeGreaterThan(1);
  expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
});

test("has one trouble or two at a time, never two of one part, and none past the end", () => {
  const faults = planFaults(3, minutes(60));
  const during = ({ from, lasts }: PlannedFault) =>
    faults.filter((other) => other.from < from + Math.max(lasts, 1) && other.from + other.lasts >= from);
  const most = Math.max(...faults.map((fault) => during(fault).length));
  expect(most).toBe(2);
  expect(faults.filter((fault) => during(fault).filter(({ part }) => part === fault.part).length > 1)).toEqual([]);
  expect(Math.max(...faults.map(({ from, lasts }) => from + lasts))).toBeLessThanOrEqual(minutes(60) + 40_000);
});
