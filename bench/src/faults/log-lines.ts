import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { PlannedFault } from "./fault-plan.js";

/** Windows in which lines are counted, in milliseconds. */
const windowMs = 10_000;
/** pino's number of a warning. */
const warning = 40;

/** What a process said in its log of some troubles. */
export interface TroubleLines {
  /** The most a second, over ten seconds. */
  readonly perSecond: number;
  /** What was said most often in those, with how often. */
  readonly mostly: string;
}

export interface LogLine {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly message: string;
}

/** The lines in the log of a process about what is wrong: warnings and errors, and what is no line of ours at all. */
export async function readTrouble(file: string): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const text of createInterface({ input: createReadStream(file) })) {
    const line = troubleIn(text, lines.at(-1)?.time ?? 0);
    if (line) lines.push(line);
  }
  return lines;
}

/**
 * The lines while one part was away, or none, and while two were. A line is of the trouble that began last.
 * @param began when each trouble did, oldest first, in milliseconds since 1970
 */
export function byPartsAway(
  lines: readonly LogLine[],
  began: readonly number[],
  faults: readonly Pick<PlannedFault, "trouble">[],
): Record<"one" | "two", LogLine[]> {
  const hasTwo = ({ time }: LogLine) => {
    const trouble = began.findLastIndex((from) => from <= time);
    return faults.filter((fault) => fault.trouble === trouble).length === 2;
  };
  return { one: lines.filter((line) => !hasTwo(line)), two: lines.filter(hasTwo) };
}

/** The ten seconds of lines, oldest first, with the most of them. */
export function densest(lines: readonly LogLine[]): TroubleLines {
  let first = 0;
  let most = { from: 0, count: 0 };
  for (const [index, { time }] of lines.entries()) {
    while (lines[first]!.time <= time - windowMs) first += 1;
    if (index - first + 1 > most.count) most = { from: first, count: index - first + 1 };
  }
  const messages = lines.slice(most.from, most.from + most.count).map(({ message }) => message);
  return { perSecond: (1000 * most.count) / windowMs, mostly: mostFrequent(messages) };
}

function troubleIn(text: string, before: number): LogLine | undefined {
  try {
    const { level, time, msg } = JSON.parse(text) as { level: number; time: string | number; msg: string };
    return level >= warning ? { time: new Date(time).getTime(), message: msg } : undefined;
  } catch {
    return { time: before, message: text };
  }
}

function mostFrequent(messages: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const message of messages) counts.set(message, (counts.get(message) ?? 0) + 1);
  const [message, times] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [];
  return message === undefined ? "" : `${message} (${times} times)`;
}
