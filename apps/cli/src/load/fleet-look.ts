import type { FleetAnswer, Job } from "@facefleet/client";

/** What /v1/fleet answered, and when it was asked and had answered, in milliseconds since 1970. */
export interface FleetLook {
  readonly from: number;
  readonly to: number;
  readonly fleet: FleetAnswer;
}

/** A number that may lie between two others. */
export interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** How far apart the clock of a process and the moment at which others see what it did may be, in milliseconds. */
const slackMs = 250;
/** Workers say what they do every so often. */
const beatMs = 5000;
const minuteMs = 60_000;

/** Jobs that the fleet has, whatever they wait for. */
export function jobsIn({ waiting, active, delayed }: FleetAnswer): number {
  return Object.values(waiting).reduce((sum, { jobs }) => sum + jobs, active + delayed);
}

/** Jobs that workers say to have ended within the last minute. */
export function endedLately({ workers }: FleetAnswer): number {
  return workers.reduce((sum, { load }) => sum + load.jobsPerMinute, 0);
}

/** How many of the jobs, once all have ended, the fleet can have had when it was looked at. */
export function unendedAt({ from, to }: FleetLook, jobs: readonly Job[]): Bounds {
  const spans = jobs.map(({ createdAt, finishedAt }) => [Date.parse(createdAt), Date.parse(finishedAt!)] as const);
  const alive = (since: number, until: number) =>
    spans.filter(([created, finished]) => created <= since && finished >= until).length;
  return { least: alive(from - slackMs, to + slackMs), most: alive(to + slackMs, from - slackMs) };
}

/** How many of the jobs workers can have counted as ended within the last minute. */
export function endedBefore({ from, to }: FleetLook, jobs: readonly Job[]): Bounds {
  const ends = jobs.map(({ finishedAt }) => Date.parse(finishedAt!));
  const between = (first: number, last: number) => ends.filter((end) => end > first && end <= last).length;
  return {
    least: between(to - minuteMs + slackMs, from - beatMs - slackMs),
    most: between(from - minuteMs - beatMs - slackMs, to + slackMs),
  };
}
