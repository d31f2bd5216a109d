import type { Batch } from "@facefleet/client";
import { useRef } from "preact/hooks";
import { endedOf } from "./counts-bar.js";

/** Of what lies further back nobody would say that it is now. */
const windowMs = 30_000;

/** Items a second, as far as has been watched; undefined before there is anything to tell. */
export function useRate(batch: Batch | undefined): number | undefined {
  const seen = useRef<{ at: number; ended: number }[]>([]);
  if (!batch) return undefined;
  const ended = endedOf(batch.counts);
  const now = Date.now();
  const last = seen.current.at(-1);
  if (!last || last.ended !== ended || now - last.at > 2000) seen.current.push({ at: now, ended });
  seen.current = seen.current.filter(({ at }) => now - at < windowMs);
  const first = seen.current[0];
  if (!first || now - first.at < 1000 || ended <= first.ended) return undefined;
  return ((ended - first.ended) / (now - first.at)) * 1000;
}
