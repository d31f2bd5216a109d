import { expect, it } from "vitest";
import { JobRate } from "./job-rate.js";

it("counts the last minute, and no more of it", () => {
  let now = 1_000_000;
  const rate = new JobRate(() => now);
  expect(rate.perMinute).toBe(0);
  for (let second = 0; second < 90; second += 1) {
    rate.add();
    rate.add();
    now += 1000;
  }
  expect(rate.perMinute).toBe(2 * 59);
  now += 30_000;
  expect(rate.perMinute).toBe(2 * 29);
  now += 3_600_000;
  expect(rate.perMinute).toBe(0);
  // A clock that is set back is not a minute that is over.
  rate.add();
  now -= 5000;
  rate.add();
  expect(rate.perMinute).toBe(2);
});
