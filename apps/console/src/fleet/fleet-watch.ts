import type { FleetAnswer } from "@facefleet/client";
import { computed, effect, signal } from "@preact/signals";
import { poll } from "../parts/use-polled.js";
import { route } from "../route.js";
import { client, type Fault, faultOf } from "../service.js";

/** Workers tell what they do every five seconds. */
const everyMs = 5000;
const elsewhereEveryMs = 20_000;
/** Ten minutes of the page of the fleet. */
const mostMoments = 120;

interface FleetSight {
  readonly answer?: FleetAnswer | undefined;
  readonly fault?: Fault | undefined;
  /** What was seen while the page of the fleet was open, oldest first: so all at one distance. */
  readonly moments: readonly FleetAnswer[];
}

export const fleet = signal<FleetSight>({ moments: [] });

const isAtFleet = computed(() => route.value[0] === "fleet");

let askNow = () => {};

/** Asks at once, whatever the time. */
export function lookAtFleet(): void {
  askNow();
}

/** Looks at the fleet for as long as somebody looks at the page. @returns what ends it */
export function watchFleet(): () => void {
  // Anew for another key, and for the page of the fleet.
  return effect(() => {
    void client.value;
    const polling = poll(isAtFleet.value ? everyMs : elsewhereEveryMs, see);
    askNow = polling.again;
    return polling.end;
  });
}

async function see(signal: AbortSignal): Promise<void> {
  try {
    const answer = await client.peek().fleet({ signal });
    const moments = isAtFleet.peek() ? [...fleet.peek().moments, answer].slice(-mostMoments) : [];
    fleet.value = { answer, moments };
  } catch (error) {
    const fault = faultOf(error);
    if (!signal.aborted) fleet.value = { ...fleet.peek(), fault };
  }
}
