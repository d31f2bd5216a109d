import type { AnalysisResult } from "@facefleet/client";
import { computed, type Signal, signal } from "@preact/signals";
import { apiKey } from "../key/api-key.js";
import { client, type Fault, faultOf } from "../service.js";
import {
  askedOptions,
  isJudgedHere,
  type Limits,
  type Look,
  taskOf,
  usualConfidence,
  usualLimits,
  usualLook,
} from "./options.js";
import { asTold, type JudgedFace, selectFaces } from "./select-faces.js";

/** How many pictures are with the service at a time; the others wait here. */
const atOnce = 4;

interface Sight {
  readonly state: "waiting" | "looking" | "seen" | "failed";
  /** That of the look before, until there is another. */
  readonly result?: AnalysisResult | undefined;
  readonly fault?: Fault | undefined;
}

export interface Picture {
  readonly id: number;
  readonly file: File;
  /** Of the bytes, for the browser to show. */
  readonly url: string;
  readonly sight: Signal<Sight>;
}

export const pictures = signal<readonly Picture[]>([]);
export const look = signal<Look>(usualLook);
export const limits = signal<Limits>(usualLimits);
/** Which faces of a result are kept, with the look and the limits of now. */
export const judge = computed((): ((result: AnalysisResult) => JudgedFace[]) => {
  const now = limits.value;
  return isJudgedHere(look.value) ? (result) => selectFaces(result, now) : asTold;
});
const chosenId = signal<number | undefined>(undefined);
export const chosen = computed(() => pictures.value.find(({ id }) => id === chosenId.value) ?? pictures.value[0]);

let nextId = 1;
const underway = new Map<number, AbortController>();
let settling: ReturnType<typeof setTimeout> | undefined;

export function addPictures(files: readonly File[]): void {
  const added = files.map((file) => {
    const sight = signal<Sight>({ state: "waiting" });
    return { id: nextId++, file, url: URL.createObjectURL(file), sight };
  });
  pictures.value = [...pictures.value, ...added];
  if (added[0]) choose(added[0]);
  lookAtNext();
}

export function choose({ id }: Picture): void {
  chosenId.value = id;
}

export function removePictures(removed: readonly Picture[]): void {
  const ids = new Set(removed.map(({ id }) => id));
  pictures.value = pictures.value.filter(({ id }) => !ids.has(id));
  for (const { id, url } of removed) {
    underway.get(id)?.abort();
    URL.revokeObjectURL(url);
  }
}

export function changeLook(change: Partial<Look>): void {
  const before = look.value;
  look.value = { ...before, ...change };
  const { detector } = look.value;
  if (limits.value.minConfidence === usualConfidence[before.detector]) {
    limits.value = { ...limits.value, minConfidence: usualConfidence[detector] };
  }
  lookAgainSoon();
}

export function changeLimits(change: Partial<Limits>): void {
  limits.value = { ...limits.value, ...change };
  if (!isJudgedHere(look.value)) lookAgainSoon();
}

/** Once it has been chosen: a slider passes many on its way. */
function lookAgainSoon(): void {
  clearTimeout(settling);
  settling = setTimeout(() => lookAgain(pictures.value), 250);
}

export function asUsual(): void {
  limits.value = usualLimits;
  changeLook(usualLook);
}

export function lookAgain(at: readonly Picture[]): void {
  for (const { id, sight } of at) {
    underway.get(id)?.abort();
    sight.value = { state: "waiting", result: sight.peek().result };
  }
  lookAtNext();
}

// Another key may open what was refused.
apiKey.subscribe(() => {
  lookAgain(pictures.peek().filter(({ sight }) => sight.peek().fault?.code === "unauthorized"));
});

function lookAtNext(): void {
  while (underway.size < atOnce) {
    const waiting = pictures.value.filter(({ id, sight }) => sight.peek().state === "waiting" && !underway.has(id));
    const next = waiting.find(({ id }) => id === chosenId.peek()) ?? waiting[0];
    if (!next) return;
    void lookAt(next);
  }
}

async function lookAt({ id, file, sight }: Picture): Promise<void> {
  const stop = new AbortController();
  underway.set(id, stop);
  sight.value = { state: "looking", result: sight.peek().result };
  const asked = { task: taskOf(look.peek()), options: askedOptions(look.peek(), limits.peek()) };
  try {
    const result = await client.peek().analyse(file, { ...asked, signal: stop.signal });
    sight.value = { state: "seen", result };
  } catch (error) {
    const fault = faultOf(error);
    // One that was given up waits for another look, or is gone.
    if (!stop.signal.aborted) sight.value = { state: "failed", fault };
  } finally {
    underway.delete(id);
    lookAtNext();
  }
}
