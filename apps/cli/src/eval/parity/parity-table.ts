import { textTable } from "../text-table.js";
import type { Spread } from "./agreement-figures.js";
import type { Parity, ParityReport } from "./evaluate-parity.js";

/** The report for people: of each measure the median and, after a slash, the worst. */
export function parityTable({ photos, toReference, betweenEngines, absent, withinTolerances }: ParityReport): string {
  const reference = toReference.map((parity) => ({ ...parity, of: `${parity.of} to the reference` }));
  const rows = [...reference, ...betweenEngines];
  const lines = [
    `${photos.length} photos; median / worst of the faces`,
    textTable([
      ["", "faces", "missed", "extra", "IoU", "box px", "score", "landmarks", "cosine", "embedding"],
      ...rows.map(row),
    ]),
    ...absent.map(({ engine, reason }) => `absent: ${engine}: ${reason}`),
    ...rows.flatMap(({ of, faults }) => faults.map((fault) => `outside the tolerances: ${of}: ${fault}`)),
    withinTolerances ? "All within the tolerances" : "NOT within the tolerances",
  ];
  return `${lines.join("\n")}\n`;
}

function row({ of, figures }: Parity): string[] {
  return [
    of,
    String(figures.faces),
    String(figures.missed),
    String(figures.extra),
    fixed(figures.iou),
    small(figures.boxPixels),
    small(figures.confidence),
    small(figures.landmarks),
    fixed(figures.cosine),
    small(figures.embedding),
  ];
}

function fixed({ median, worst }: Spread): string {
  return `${median.toFixed(4)} / ${worst.toFixed(4)}`;
}

function small({ median, worst }: Spread): string {
  return `${median.toExponential(1)} / ${worst.toExponential(1)}`;
}
