import { readFile } from "node:fs/promises";

/** Of a process since its start, in microseconds, to 10,000; undefined where there is no /proc to tell. */
export async function cpuTime(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat === undefined) return undefined;
  // The name, in parentheses, may hold spaces; user and system time are fields 14 and 15, in ticks of 10 ms.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
