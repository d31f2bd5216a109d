import { seededRandom } from "../load/seeded-random.js";
import type { Fault } from "./faulty-server.js";

/**
 * What is done to a part: ended at once and started again after a while; stopped in the middle and let go on (SIGSTOP,
 * SIGCONT); ended as operators do, and started again; connections to it fail; or those of it alone to Redis do.
 */
export type FaultKind = "kill" | "freeze" | "restart" | Exclude<Fault, "none"> | "isolate";

const process = ["kill", "freeze", "restart"] as const;
const service = [...process, "isolate", "mute"] as const;
const connections = ["refuse", "hang", "mute"] as const;

/** What can happen to each part of the fleet. */
export const faultsOf = {
  "api-1": service,
  "api-2": service,
  "worker-1": service,
  "worker-2": service,
  redis: [...process, ...connections],
  s3: [...process, ...connections, "throttle"],
  receiver: [...connections, "throttle"],
} as const satisfies Record<string, readonly FaultKind[]>;

export type PartName = keyof typeof faultsOf;

export interface PlannedFault {
  readonly part: PartName;
  readonly kind: FaultKind;
  /** Which trouble it is of, from 0: one of its own, or one with another part's fault. */
  readonly trouble: number;
  /** Milliseconds from the beginning. */
  readonly from: number;
  /** Milliseconds. Of a restart nothing: it takes as long as it takes. */
  readonly lasts: number;
}

const longestMs = 20_000;
const shortestMs = 500;
/** Between two troubles. */
const pauseMs = { shortest: 1000, longest: 8000 };
/** How many troubles are of two parts at once. */
const pairs = 0.4;

/**
 * Faults for a time, one at a time and in pairs, at random moments and the same ones for the same seed. Each that there is
 * comes before any comes again.
 */
export function planFaults(seed: number, milliseconds: number): PlannedFault[] {
  const random = seededRandom(seed);
  const between = (least: number, most: number) => Math.round(least + random() * (most - least));
  const next = dealer(random);
  const faults: PlannedFault[] = [];
  let at = between(pauseMs.shortest, pauseMs.longest);
  for (let trouble = 0; at + shortestMs < milliseconds; trouble++) {
    const lasts = () => Math.min(between(shortestMs, longestMs), milliseconds - at);
    const first = { ...next(), trouble, from: at, lasts: lasts() };
    const together = [first];
    if (random() < pairs) {
      together.push({ ...next(first.part), trouble, from: at + between(0, first.lasts), lasts: lasts() });
    }
    faults.push(...together.map((fault) => (fault.kind === "restart" ? { ...fault, lasts: 0 } : fault)));
    at = Math.max(...together.map(({ from, lasts: ms }) => from + ms)) + between(pauseMs.shortest, pauseMs.longest);
  }
  return faults;
}

/** Deals what can happen, to other parts than a given one, from a deck that is shuffled again when it is used up. */
function dealer(random: () => number): (except?: PartName) => Pick<PlannedFault, "part" | "kind"> {
  const all = Object.entries(faultsOf).flatMap(([part, kinds]) => {
    return kinds.map((kind) => ({ part: part as PartName, kind }));
  });
  let deck: typeof all = [];
  return (except) => {
    if (!deck.some(({ part }) => part !== except)) deck = [...deck, ...shuffled(all, random)];
    const at = deck.findIndex(({ part }) => part !== except);
    return deck.splice(at, 1)[0]!;
  };
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const rest = [...values];
  return values.map(() => rest.splice(Math.floor(random() * rest.length), 1)[0]!);
}
