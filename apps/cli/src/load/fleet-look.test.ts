import type { FleetAnswer, Job } from "@facefleet/client";
import { describe, expect, it } from "vitest";
import { endedBefore, endedLately, jobsIn, unendedAt } from "./fleet-look.js";

const waitingOf = (jobs: number) => ({ jobs, oldestSeconds: 0 });
const load = (jobsPerMinute: number) => ({ load: { jobsInFlight: 0, jobsPerMinute } });
const fleet = {
  waiting: { interactive: waitingOf(1), high: waitingOf(0), normal: waitingOf(2), low: waitingOf(4) },
  active: 8,
  delayed: 16,
  workers: [load(30), load(12)],
} as unknown as FleetAnswer;

const job = (createdAt: number, finishedAt: number) =>
  ({ createdAt: new Date(createdAt).toISOString(), finishedAt: new Date(finishedAt).toISOString() }) as Job;
const look = { from: 100_000, to: 100_010, fleet };

describe("a look at the fleet", () => {
  it("counts jobs wherever they are, and what all workers have ended", () => {
    expect(jobsIn(fleet)).toBe(31);
    expect(endedLately(fleet)).toBe(42);
  });

  it("sees a job between its beginning and its end, and may see it close to either", () => {
    const jobs = [job(90_000, 110_000), job(100_000, 110_000), job(90_000, 100_100), job(90_000, 99_000)];
    expect(unendedAt(look, jobs)).toEqual({ least: 1, most: 3 });
    expect(unendedAt(look, [job(101_000, 110_000)])).toEqual({ least: 0, most: 0 });
  });

  it("counts the ends of a minute, which workers tell every five seconds", () => {
    const ends = [30_000, 36_000, 41_000, 90_000, 96_000, 101_000];
    const jobs = ends.map((end) => job(20_000, end));
    expect(endedBefore(look, jobs)).toEqual({ least: 2, most: 4 });
  });
});
