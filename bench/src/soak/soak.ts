import { setTimeout as sleep } from "node:timers/promises";
import type { BenchContext } from "../bench-context.js";
import type { BenchReport, Ratio } from "../bench-report.js";
import { BenchFleet } from "../fleet/bench-fleet.js";
import { closedLoop } from "../load/closed-loop.js";
import { median } from "../load/percentile.js";
import { openPipeline } from "../pipeline/open-pipeline.js";
import { JobCaller } from "../service/job-caller.js";
import { smallPhotos } from "../service/small-photos.js";
import { readVitals, type Vitals } from "./vitals.js";

const callers = 48;
const sampleEveryMs = 5000;
/** Of the time: caches fill, and the heap finds its size. */
const warmUpShare = 0.2;
/** Of the samples after the warm-up: those whose medians are compared. */
const endsShare = 0.25;

/** What the fleet holds after minutes of full load, against what it held after the warm-up. */
export async function run(context: BenchContext): Promise<BenchReport> {
  const photos = await preparePhotos(context);
  const fleet = await BenchFleet.start(context);
  try {
    const [api, worker] = await Promise.all([fleet.startApi(), fleet.startWorker()]);
    const caller = new JobCaller(api.port, photos);
    const milliseconds = 60_000 * context.minutes;
    let next = 0;
    const load = closedLoop({ clients: callers, milliseconds, request: () => caller.call(next++) });
    const samples = await sample({ api: api.address, worker: worker.address }, milliseconds);
    const { answered } = await load;
    caller.close();
    return report(samples.slice(Math.floor(warmUpShare * samples.length)), answered, context.minutes);
  } finally {
    await fleet.stop();
  }
}

async function preparePhotos(context: BenchContext): Promise<Buffer[]> {
  if (context.photosDir === undefined) throw new Error("Expected a folder of photos; name one with --photos");
  const { pipeline, close } = await openPipeline(context);
  try {
    return await smallPhotos(context.photosDir, pipeline);
  } finally {
    await close();
  }
}

async function sample(addresses: { api: string; worker: string }, milliseconds: number): Promise<Vitals[]> {
  const samples: Vitals[] = [];
  for (const end = performance.now() + milliseconds; performance.now() < end; ) {
    await sleep(sampleEveryMs);
    samples.push(await readVitals(addresses));
  }
  return samples;
}

function report(samples: readonly Vitals[], answered: number, minutes: number): BenchReport {
  const count = Math.max(1, Math.floor(endsShare * samples.length));
  const names = Object.keys(samples[0]!) as (keyof Vitals)[];
  const figures = names.map((name) => {
    const of = (part: readonly Vitals[]) =>
      settled(
        name,
        part.map((vitals) => vitals[name]),
      );
    return { what: name, "after warm-up": of(samples.slice(0, count)), "at the end": of(samples.slice(-count)) };
  });
  return {
    name: `soak (${minutes} minutes at full load, ${answered} jobs)`,
    figures,
    ratios: figures.filter((row) => row["after warm-up"] > 0).map(drift),
  };
}

/** What is counted goes up and down with the images in flight: its least is what would grow with a leak. */
function settled(name: keyof Vitals, values: readonly number[]): number {
  return name.endsWith("MiB") ? median(values) : Math.min(...values);
}

function drift(row: { what: keyof Vitals; "after warm-up": number; "at the end": number }): Ratio {
  const name = `${row.what}, end over start`;
  const value = row["at the end"] / row["after warm-up"];
  if (row.what === "inference heap MiB") return { name, value };
  return { name, value, atMost: row.what.endsWith("MiB") ? 1.05 : 1 };
}
