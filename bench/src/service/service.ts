import type { BenchContext } from "../bench-context.js";
import type { BenchReport, Row } from "../bench-report.js";
import { BenchFleet } from "../fleet/bench-fleet.js";
import { readMetrics } from "../fleet/metrics-page.js";
import { closedLoop } from "../load/closed-loop.js";
import { type Arrivals, openLoop } from "../load/open-loop.js";
import { median, percentile } from "../load/percentile.js";
import { embedOptions, openPipeline } from "../pipeline/open-pipeline.js";
import { JobCaller } from "./job-caller.js";
import { smallPhotos } from "./small-photos.js";

/** Images in the pipeline at once: as many jobs as a worker holds. */
const imagesAtOnce = 32;
/** Callers of the service: some jobs wait in the queue while the worker is full. */
const callers = 48;
const rounds = 5;
const roundMs = 6000;
const loadMs = 25_000;
const loads: readonly Load[] = [
  { share: 0.3, arrivals: "even" },
  { share: 0.5, arrivals: "even" },
  { share: 0.7, arrivals: "even" },
  { share: 0.7, arrivals: "random" },
  { share: 0.9, arrivals: "even" },
];

/**
 * The whole way of an image (HTTP, store, queue, worker, result) against the pipeline alone in this process, in
 * turns; and how long it takes at shares of the highest rate.
 */
export async function run(context: BenchContext): Promise<BenchReport> {
  if (context.photosDir === undefined) throw new Error("Expected a folder of photos; name one with --photos");
  const { pipeline, close } = await openPipeline(context);
  const fleet = await BenchFleet.start(context);
  try {
    const photos = await smallPhotos(context.photosDir, pipeline);
    const api = await fleet.startApi();
    const begun = performance.now();
    const worker = await fleet.startWorker();
    const readySeconds = (performance.now() - begun) / 1000;
    const caller = new JobCaller(api.port, photos);
    const analyse = (i: number) => pipeline.analyse(photos[i % photos.length]!, embedOptions);
    const alone = () => rateOf(imagesAtOnce, analyse);
    const served = () => rateOf(callers, (i) => caller.call(i));
    await served();
    const turns: { alone: number; served: number }[] = [];
    for (let i = 0; i < rounds; i++) turns.push({ alone: await alone(), served: await served() });
    const peak = median(turns.map((turn) => turn.served));
    const underLoad: Loaded[] = [];
    for (const load of loads) underLoad.push(await measureLoad(load, peak, worker.address, caller));
    caller.close();
    return report(photos.length, readySeconds, turns, underLoad);
  } finally {
    await Promise.all([close(), fleet.stop()]);
  }
}

/** Every call takes the next photo. */
async function rateOf(clients: number, call: (number: number) => Promise<unknown>): Promise<number> {
  let next = 0;
  return (await closedLoop({ clients, milliseconds: roundMs, request: () => call(next++) })).perSecond;
}

/** Of the highest rate. */
interface Load {
  readonly share: number;
  readonly arrivals: Arrivals;
}

interface Loaded extends Load {
  readonly rate: number;
  readonly batch: number;
  readonly latencies: readonly number[];
}

async function measureLoad(load: Load, peak: number, worker: string, caller: JobCaller): Promise<Loaded> {
  const before = await batches(worker);
  const rate = load.share * peak;
  const { arrivals } = load;
  const latencies = await openLoop({ arrivals, rate, milliseconds: loadMs, request: (i) => caller.call(i) });
  const after = await batches(worker);
  return { ...load, rate, latencies, batch: (after.images - before.images) / (after.runs - before.runs) };
}

async function batches(worker: string): Promise<{ images: number; runs: number }> {
  const page = await readMetrics(worker);
  const sum = (name: string) => page.sum(name, { stage: "propose" });
  return { images: sum("facefleet_batch_size_sum"), runs: sum("facefleet_batch_size_count") };
}

function report(
  photos: number,
  readySeconds: number,
  turns: readonly { alone: number; served: number }[],
  underLoad: readonly Loaded[],
): BenchReport {
  const of = (key: "alone" | "served") => median(turns.map((turn) => turn[key]));
  const at70 = underLoad.filter(({ share }) => share === 0.7);
  return {
    name: `service (${photos} photos of 640 x 480 with one face or two)`,
    figures: [
      { what: "pipeline alone", "images/s": of("alone") },
      { what: "service, highest rate", "images/s": of("served") },
      ...underLoad.map(loadRow),
    ],
    ratios: [
      { name: "seconds until a worker is ready", value: readySeconds, atMost: 3 },
      { name: "efficiency", value: median(turns.map(({ alone, served }) => served / alone)), atLeast: 0.85 },
      ...at70.map(({ arrivals, latencies }) => ({
        name: `p99 over p50 at 70 %, ${arrivals} arrivals`,
        value: percentile(latencies, 0.99) / median(latencies),
        atMost: 3,
      })),
    ],
  };
}

function loadRow({ share, arrivals, rate, latencies, batch }: Loaded): Row {
  return {
    what: `service at ${100 * share} %, ${arrivals} arrivals`,
    "images/s": rate,
    "p50 ms": percentile(latencies, 0.5),
    "p95 ms": percentile(latencies, 0.95),
    "p99 ms": percentile(latencies, 0.99),
    "images a batch": batch,
  };
}
