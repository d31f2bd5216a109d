import { once, setMaxListeners } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { WebhookSecret } from "@facefleet/contracts";
import type { BenchContext } from "../bench-context.js";
import type { BenchReport } from "../bench-report.js";
import { Audit } from "./audit.js";
import { setPrefix } from "./caller-ways.js";
import { buckets, FaultFleet } from "./fault-fleet.js";
import { type FaultImage, faultImages } from "./fault-images.js";
import { FaultLoad } from "./fault-load.js";
import { type PlannedFault, planFaults } from "./fault-plan.js";
import { report } from "./fault-report.js";
import { Leftovers } from "./leftovers.js";
import { byPartsAway, densest, readTrouble } from "./log-lines.js";
import { playFaults } from "./scenario.js";

/** For callers to be answered once everything is well again. */
const answeredWithinMs = 90_000;

/**
 * Holds the fleet to its promises while each of its parts is killed, stopped, restarted, or fails, at random moments: all
 * that was accepted ends once, as it must, is announced under one id, and leaves nothing behind.
 */
export async function run(context: BenchContext): Promise<BenchReport> {
  const stop = new AbortController();
  // Every fault listens.
  setMaxListeners(0, stop.signal);
  const stopped = once(stop.signal, "abort").then(() => Promise.reject(new Error("Expected the run to end by itself")));
  context.onStopSignal(() => stop.abort());
  const fleet = await FaultFleet.start(context);
  let keepLogs = true;
  try {
    const report = await Promise.race([hold(fleet, stop.signal, context), stopped]);
    keepLogs = report.broken !== undefined && report.broken.length > 0;
    return report;
  } finally {
    await fleet.stop({ keepLogs });
  }
}

async function hold(fleet: FaultFleet, signal: AbortSignal, context: BenchContext): Promise<BenchReport> {
  const { seconds, seed, say } = context;
  const faults = planFaults(seed, seconds * 1000);
  const load = await startLoad(fleet, seed);
  say(`Seed ${seed}: ${faults.length} faults within ${seconds} s`);
  const [began] = await Promise.all([
    playFaults(fleet, faults, { signal, say }),
    sleep(seconds * 1000, undefined, { signal }),
  ]);
  say("No more faults: what was accepted ends, and is looked at");
  await fleet.ready();
  await load.stop(answeredWithinMs);
  return judge(fleet, load, { faults, began }, context);
}

async function startLoad(fleet: FaultFleet, seed: number): Promise<FaultLoad> {
  const { apiUrls, webhookUrl } = fleet;
  const images = await faultImages();
  await putPhotos(fleet, images);
  fleet.receiver.trust(await webhookSecretOf(apiUrls[0]!));
  const load = new FaultLoad({ apiUrls, webhookUrl, images, seed });
  load.start();
  return load;
}

async function putPhotos(fleet: FaultFleet, images: readonly FaultImage[]): Promise<void> {
  const store = fleet.openStore();
  for (const { key, bytes } of images) {
    for (const place of bytes ? [key, `${setPrefix}${key}`] : []) {
      await store.put({ bucket: buckets.photos, key: place }, bytes!, { maxBytes: bytes!.byteLength });
    }
  }
  await store.close();
}

async function webhookSecretOf(url: string): Promise<string> {
  return ((await (await fetch(`${url}/v1/webhook-secret`)).json()) as WebhookSecret).secret;
}

async function judge(
  fleet: FaultFleet,
  load: FaultLoad,
  { faults, began }: { readonly faults: readonly PlannedFault[]; readonly began: readonly number[] },
  { seconds, seed, say }: BenchContext,
): Promise<BenchReport> {
  const store = fleet.openStore();
  const audit = new Audit(fleet, load.submissions, store);
  const leftovers = new Leftovers(fleet);
  try {
    await audit.run();
    const uploads = await leftovers.uploads();
    say("All is erased, and what is left is looked at");
    await audit.erase();
    const left = { uploads, objects: await leftovers.objects(), keys: await leftovers.keys() };
    const logs = await Promise.all(
      Object.entries(fleet.logFiles).map(async ([name, file]) => {
        const { one, two } = byPartsAway(await readTrouble(file), began, faults);
        return { name, one: densest(one), two: densest(two) };
      }),
    );
    return report({ title: `faults (seed ${seed}, ${seconds} s)`, audit, left, logs, faults, deaths: fleet.deaths });
  } finally {
    await leftovers.close();
    await store.close();
  }
}
