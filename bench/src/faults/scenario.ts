import { setTimeout as sleep } from "node:timers/promises";
import type { FaultFleet } from "./fault-fleet.js";
import type { FaultKind, PlannedFault } from "./fault-plan.js";
import type { Fault } from "./faulty-server.js";

/** What fails at the doors, where a fault is one of connections. */
const atDoors: Partial<Record<FaultKind, Fault>> = {
  refuse: "refuse",
  hang: "hang",
  mute: "mute",
  throttle: "throttle",
  isolate: "hang",
};

/**
 * Lets planned faults happen, each at its time; resolves once every one is over. What is over is undone at once.
 * @returns when each trouble began, in milliseconds since 1970
 */
export async function playFaults(
  fleet: FaultFleet,
  faults: readonly PlannedFault[],
  { signal, say }: { readonly signal: AbortSignal; readonly say: (line: string) => void },
): Promise<number[]> {
  const since = performance.now();
  const began: number[] = [];
  /** The last fault of each part: one begins when that before it is over, however long it took. */
  const last = new Map<string, Promise<void>>();
  const pause = (ms: number) => sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
  const play = async (fault: PlannedFault, before: Promise<void> | undefined) => {
    await pause(since + fault.from - performance.now());
    await before;
    if (signal.aborted) return;
    began[fault.trouble] ??= Date.now();
    const seconds = ((performance.now() - since) / 1000).toFixed(1);
    say(`${seconds.padStart(7)} s  ${fault.part} ${fault.kind}${fault.lasts > 0 ? ` ${fault.lasts / 1000} s` : ""}`);
    await suffer(fleet, fault, () => pause(fault.lasts));
  };
  for (const fault of faults) last.set(fault.part, play(fault, last.get(fault.part)));
  await Promise.all(last.values());
  return began;
}

async function suffer(fleet: FaultFleet, { part: name, kind }: PlannedFault, pass: () => Promise<void>): Promise<void> {
  const part = fleet.parts.get(name);
  const atDoor = atDoors[kind];
  if (atDoor) {
    const doors = fleet.doors.get(name) ?? [];
    await Promise.all(doors.map((door) => door.set(atDoor)));
    await pass();
    await Promise.all(doors.map((door) => door.set("none")));
  } else if (kind === "freeze") {
    part?.freeze();
    await pass();
    part?.thaw();
  } else {
    await (kind === "kill" ? part?.kill() : part?.stop());
    await pass();
    part?.start();
  }
}
