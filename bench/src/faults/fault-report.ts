import type { BenchReport, Ratio, Row } from "../bench-report.js";
import type { Audit } from "./audit.js";
import { faultsOf, type PlannedFault } from "./fault-plan.js";
import type { TroubleLines } from "./log-lines.js";

interface FaultRun {
  readonly title: string;
  readonly faults: readonly PlannedFault[];
  readonly audit: Pick<Audit, "counts" | "resent"> & { readonly broken: readonly string[] };
  readonly left: Readonly<Record<"uploads" | "objects" | "keys", readonly string[]>>;
  /** Of each process, while one part was away, and while two were. */
  readonly logs: readonly (Record<keyof typeof mostLinesPerSecond, TroubleLines> & { readonly name: string })[];
  /** Programs that ended although nobody had asked them to. */
  readonly deaths: readonly string[];
}

/** Lines a second about what is wrong, in the log of a process that has one part away, or two. */
const mostLinesPerSecond = { one: 1, two: 2 };
/** Of what is left, how much is named. */
const named = 5;

/** What was done, what came of it, and what of it must never be. */
export function report({ title, faults, audit, left, logs, deaths }: FaultRun): BenchReport {
  const broken = [
    ...audit.broken,
    ...Object.entries(left).flatMap(([what, names]) => (names.length > 0 ? [leftSentence(what, names)] : [])),
    ...logRatios(logs)
      .filter(({ value, atMost }) => value > atMost)
      .map(({ name, value, mostly }) => `${name}: ${value}, mostly: ${mostly}`),
    ...deaths,
  ];
  return { name: title, figures: [...faultRows(faults), ...countRows(audit)], ratios: ratios(left, logs), broken };
}

function faultRows(faults: readonly PlannedFault[]): Row[] {
  return Object.entries(faultsOf).map(([part, kinds]) => {
    const times = (kind: string) => faults.filter((fault) => fault.part === part && fault.kind === kind).length;
    return { what: part, ...Object.fromEntries(kinds.map((kind) => [kind, times(kind)])) };
  });
}

function countRows({ counts, resent }: FaultRun["audit"]): Row[] {
  const rows = Object.entries(counts).map(([what, { accepted, lost, doubled, failed }]) => {
    return { what, accepted, lost, doubled, "failed for our faults": failed };
  });
  return [...rows, { what: "webhooks asked for again", accepted: resent }];
}

function ratios(left: FaultRun["left"], logs: FaultRun["logs"]): Ratio[] {
  return [
    ...Object.entries(left).map(([what, names]) => ({ name: `${what} left`, value: names.length, atMost: 0 })),
    ...logRatios(logs).map(({ name, value, atMost }) => ({ name, value, atMost })),
  ];
}

function logRatios(logs: FaultRun["logs"]) {
  return logs.flatMap(({ name: process, ...lines }) =>
    (["one", "two"] as const).map((parts) => {
      const { perSecond: value, mostly } = lines[parts];
      const name = `${process}, lines of trouble a second with ${parts} away`;
      return { name, value, mostly, atMost: mostLinesPerSecond[parts] };
    }),
  );
}

function leftSentence(what: string, names: readonly string[]): string {
  const more = names.length > named ? ` and ${names.length - named} more` : "";
  return `${what} left: ${names.slice(0, named).join(", ")}${more}`;
}
