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
import { readTrouble } from "./log-lines.js";
import { playFaults } from "./scenario.js";

/** For callers to be answered once everything is well again. */
const answeredWithinMs = 90_000;

/**
 * Holds the fleet to its promises while each of its parts is killed, stopped, restarted, or fails, at random moments: all
 * that was accepted ends once, as it must, is announced under one id, and leaves nothing behind.
 */
export async function run(context: BenchContext): Promise<BenchReport> {
  const { seconds, seed, say } = context;
  const stop = new AbortController();
  context.onStopSignal(() => stop.abort());
  say(`Seed ${seed}, ${seconds} s`);
  const faults = planFaults(seed, seconds * 1000);
  const fleet = await FaultFleet.start(context);
  let broken: readonly string[] = ["The run did not come to its end"];
  try {
    const load = await startLoad(fleet, seed);
    const over = sleep(seconds * 1000, undefined, { signal: stop.signal }).catch(() => undefined);
    await playFaults(fleet, faults, { signal: stop.signal, say });
    await over;
    say("Everything is made well again");
    if (stop.signal.aborted) throw new Error("Stopped before the end");
    await fleet.ready();
    await load.stop(answeredWithinMs);
    const report = await judge(fleet, load, faults, context);
    broken = report.broken ?? [];
    return report;
  } finally {
    await fleet.stop({ keepLogs: broken.length > 0 });
  }
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
  faults: readonly PlannedFault[],
  { seconds, seed, say }: BenchContext,
): Promise<BenchReport> {
  const audit = new Audit(fleet, load.submissions);
  const leftovers = new Leftovers(fleet);
  try {
    say("What was accepted is compared with how it ended");
    await audit.run();
    const uploads = await leftovers.uploads();
    say("All is erased, and what is left is looked at");
    await audit.erase();
    const left = { uploads, objects: await leftovers.objects(), keys: await leftovers.keys() };
    const logs = await Promise.all(
      Object.entries(fleet.logFiles).map(async ([name, file]) => ({ name, ...(await readTrouble(file)) })),
    );
    return report({ title: `faults (seed ${seed}, ${seconds} s)`, audit, left, logs, faults, deaths: fleet.deaths });
  } finally {
    await leftovers.close();
  }
}
