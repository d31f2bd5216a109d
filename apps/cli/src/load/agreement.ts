import { type Counters, metricOf } from "./counters.js";
import { type Bounds, endedBefore, endedLately, jobsIn, unendedAt } from "./fleet-look.js";
import type { LoadRecord } from "./load-run.js";

/** A figure that the fleet gave, and what it had to be by what was sent. */
export interface Agreement {
  readonly what: string;
  readonly sent: Bounds;
  readonly counted: number;
}

export function agrees({ sent: { least, most }, counted }: Agreement): boolean {
  return counted >= least && counted <= most;
}

/** What the fleet said before a load: its counters, and the jobs of others that it had ended within a minute. */
interface Beginning {
  readonly counters: Counters;
  readonly endedLately: number;
}

/** Everything that the fleet says of a load beside what its sender knows. */
export function compare(record: LoadRecord, before: Beginning, after: Counters): Agreement[] {
  const { jobs, looks } = record;
  const last = looks.at(-1)!;
  const ended = (state: string) => jobs.filter((job) => job.state === state).length;
  const rise = (counter: keyof Counters, sent: number): Agreement => ({
    what: metricOf(counter),
    sent: exactly(sent),
    counted: after[counter] - before.counters[counter],
  });
  const isWithin = (look: (typeof looks)[number]) => {
    return agrees({ what: "", sent: unendedAt(look, jobs), counted: jobsIn(look.fleet) });
  };
  const lately = endedBefore(last, jobs);
  return [
    rise("accepted", jobs.length),
    rise("submitted", jobs.length),
    rise("succeeded", ended("succeeded")),
    rise("failed", ended("failed")),
    { what: metricOf("inQueue"), sent: exactly(0), counted: after.inQueue },
    { what: "/v1/fleet: jobs left", sent: exactly(0), counted: jobsIn(last.fleet) },
    {
      what: "/v1/fleet: jobs of the last minute",
      sent: { least: lately.least, most: lately.most + before.endedLately },
      counted: endedLately(last.fleet),
    },
    {
      what: "/v1/fleet: looks that show what was there",
      sent: exactly(looks.length),
      counted: looks.filter(isWithin).length,
    },
  ];
}

function exactly(value: number): Bounds {
  return { least: value, most: value };
}
