import { setTimeout as sleep } from "node:timers/promises";
import { openLoop } from "@facefleet/bench";
import type { FacefleetClient, Job } from "@facefleet/client";
import { imageTasks } from "@facefleet/contracts";
import type { FleetLook } from "./fleet-look.js";

export interface LoadPlan {
  /** Jobs a second, however long they take. */
  readonly rate: number;
  readonly seconds: number;
  readonly image: Blob;
  /** Told of each job as it is sent and as it has ended. */
  readonly onSent: () => void;
  readonly onEnd: () => void;
}

/** What came of a load. */
export interface LoadRecord {
  /** Each job that was taken, as it ended. */
  readonly jobs: readonly Job[];
  /** Why others were not, how their end was missed, or why a look at the fleet failed. */
  readonly faults: readonly Error[];
  /** From the moment when each job was due to its end as its caller saw it, in milliseconds. */
  readonly durations: readonly number[];
  readonly looks: readonly FleetLook[];
}

const lookEveryMs = 2000;
/** Longer than a worker's own report of itself takes to arrive. */
export const settleMs = 6000;
const priorities = ["high", "normal", "low"] as const;

/**
 * Sends jobs at a steady rate, waits for the end of each, and looks at the fleet all the while: for the last time
 * when everything has settled.
 */
export async function runLoad(client: FacefleetClient, plan: LoadPlan): Promise<LoadRecord> {
  const [jobs, faults]: [Job[], Error[]] = [[], []];
  const over = new AbortController();
  const looking = lookRepeatedly(client, over.signal, (error) => faults.push(error));
  const request = async (index: number) => {
    plan.onSent();
    await submitOne(client, plan.image, index).then(
      (job) => jobs.push(job),
      (error: Error) => faults.push(error),
    );
    plan.onEnd();
  };
  const durations = await openLoop({ arrivals: "random", rate: plan.rate, milliseconds: plan.seconds * 1000, request });
  await sleep(settleMs);
  over.abort();
  return { jobs, faults, durations, looks: [...(await looking), await look(client)] };
}

async function submitOne(client: FacefleetClient, image: Blob, index: number): Promise<Job> {
  const task = imageTasks[index % imageTasks.length]!;
  const priority = priorities[index % priorities.length]!;
  return client.wait(await client.submit({ task, priority, image }));
}

async function lookRepeatedly(
  client: FacefleetClient,
  over: AbortSignal,
  onFault: (error: Error) => void,
): Promise<FleetLook[]> {
  const looks: FleetLook[] = [];
  while (!over.aborted) {
    await look(client).then((seen) => looks.push(seen), onFault);
    await sleep(lookEveryMs, undefined, { signal: over }).catch(() => undefined);
  }
  return looks;
}

async function look(client: FacefleetClient): Promise<FleetLook> {
  const from = Date.now();
  const fleet = await client.fleet();
  return { from, to: Date.now(), fleet };
}
