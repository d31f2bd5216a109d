import { type BenchReport, meetsTarget, type Ratio, type Row } from "@facefleet/bench";
import { textTable } from "../eval/text-table.js";

/** A benchmark's figures, and below them its ratios with what they should reach, and what it found that must not be. */
export function benchTable({ name, figures, ratios, broken = [] }: BenchReport): string {
  const tables = [name, textTable(figureCells(figures)), textTable(ratios.map(ratioCells))].join("\n");
  return tables + broken.map((sentence) => `BROKEN: ${sentence}\n`).join("");
}

function figureCells(figures: readonly Row[]): string[][] {
  const titles = [...new Set(figures.flatMap((row) => Object.keys(row)))];
  return [titles, ...figures.map((row) => titles.map((title) => cell(row[title])))];
}

function ratioCells(ratio: Ratio): string[] {
  const { name, value, atLeast, atMost } = ratio;
  const target = atLeast !== undefined ? `at least ${atLeast}` : atMost !== undefined ? `at most ${atMost}` : "";
  return [name, value.toFixed(3), target, target && (meetsTarget(ratio) ? "reached" : "MISSED")];
}

function cell(value: string | number | undefined): string {
  if (typeof value !== "number") return value ?? "";
  return Number.isInteger(value) ? String(value) : value.toPrecision(value >= 100 ? 4 : 3);
}
