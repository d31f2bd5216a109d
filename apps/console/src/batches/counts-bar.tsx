import type { BatchCounts } from "@facefleet/client";
import { count } from "../parts/words.js";

const parts = ["succeeded", "failed", "canceled", "active"] as const;

/** How the items of a batch have ended, as parts of all. */
export function CountsBar({ counts }: { readonly counts: BatchCounts }) {
  const { total, succeeded, failed, canceled } = counts;
  const ended = succeeded + failed + canceled;
  return (
    <div class="counts">
      <div class="bar" aria-hidden="true">
        {parts.map((part) => (
          <span key={part} class={part} style={{ width: `${total > 0 ? (counts[part] / total) * 100 : 0}%` }} />
        ))}
      </div>
      <span class="small">
        {ended.toLocaleString("en")} of {count(total, "item")}
        {failed > 0 && <span class="bad">, {failed.toLocaleString("en")} failed</span>}
      </span>
    </div>
  );
}
