import { readFile } from "node:fs/promises";

/** Of processes, by name, since their start, in microseconds, to 10,000; without those that the system does not tell. */
export async function cpuTimes<Name extends string>(
  pids: Readonly<Record<Name, readonly number[]>>,
): Promise<Partial<Record<Name, number>>> {
  const times = Object.entries<readonly number[]>(pids).map(async ([name, group]) => {
    const ofEach = await Promise.all(group.map(cpuTime));
    return [name, ofEach.reduce((sum, time) => sum + time, 0)] as const;
  });
  const known = (await Promise.all(times)).filter(([, time]) => !Number.isNaN(time));
  return Object.fromEntries(known) as Partial<Record<Name, number>>;
}

async function cpuTime(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The name, in parentheses, may hold spaces; user and system time are fields 14 and 15, in ticks of 10 ms.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}
