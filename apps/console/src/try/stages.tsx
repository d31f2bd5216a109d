import type { Timings } from "@facefleet/client";
import { duration } from "../parts/words.js";

const stages = [
  ["queueMs", "queued"],
  ["fetchMs", "fetched"],
  ["decodeMs", "decoded"],
  ["detectMs", "detected"],
  ["embedMs", "embedded"],
] as const;

/** How long each stage took, as parts of the whole. */
export function Stages({ timings }: { readonly timings: Timings }) {
  const parts = stages.map(([field, name]) => ({ field, name, ms: timings[field] })).filter(({ ms }) => ms > 0);
  const total = parts.reduce((sum, { ms }) => sum + ms, 0);
  return (
    <div class="stages">
      <div class="bar" aria-hidden="true">
        {parts.map(({ field, ms }) => (
          <span key={field} class={field} style={{ flexGrow: ms / total }} />
        ))}
      </div>
      <ul>
        {parts.map(({ field, name, ms }) => (
          <li key={field}>
            <span class={`dot ${field}`} />
            {name} <b>{duration(ms)}</b>
          </li>
        ))}
        <li class="quiet">
          in all <b>{duration(total)}</b>
          {timings.batchSize > 1 && <>, in a run with {timings.batchSize} images</>}
        </li>
      </ul>
    </div>
  );
}
