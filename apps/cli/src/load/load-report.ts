import { percentile } from "@facefleet/bench";
import { textTable } from "../eval/text-table.js";
import { type Agreement, agrees } from "./agreement.js";
import type { LoadRecord } from "./load-run.js";

/** How a load went, and each figure of the fleet beside what was sent. */
export function loadReport({ jobs, faults, durations }: LoadRecord, agreements: readonly Agreement[]): string {
  const within = (share: number) => `${Math.round(percentile(durations, share))} ms`;
  const rows = agreements.map((agreement) => [
    agreement.what,
    range(agreement.sent),
    String(agreement.counted),
    agrees(agreement) ? "yes" : "NO",
  ]);
  const reasons = new Set(faults.map(({ message }) => `  ${message}\n`));
  return [
    `${jobs.length} jobs ended, ${faults.length} requests failed\n`,
    ...reasons,
    `from when a job was due to its end: half within ${within(0.5)}, 95 % within ${within(0.95)}\n\n`,
    textTable([["", "sent", "counted", "agree"], ...rows]),
  ].join("");
}

function range({ least, most }: Agreement["sent"]): string {
  return least === most ? String(least) : `${least} to ${most}`;
}
