import type { BatchCounts } from "@facefleet/client";
import { count } from "../parts/words.js";

const parts = ["succeeded", "failed", "canceled", "active"] as const;

/** How many items have ended. */
export function endedOf({ succeeded, failed, canceled }: BatchCounts): number {
  return succeeded + failed + canceled;
}

/** How the items of a batch have ended, as parts of all. */
export function CountsBar({ counts }: { readonly counts: BatchCounts }) {
  const { total, failed } = counts;
  return (
    <div class="counts">
      <div class="bar" aria-hidden="true">
        {parts.map((part) => (
          <span key={part} class={part} style={{ width: `${total > 0 ? (counts[part] / total) * 100 : 0}%` }} />
        ))}
      </div>
      <span class="small">
        {endedOf(counts).toLocaleString("en")} of {count(total, "item")}
        {failed > 0 && <span class="bad">, {failed.toLocaleString("en")} failed</span>}
      </span>
    </div>
  );
}
