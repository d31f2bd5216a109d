/** Milliseconds that the work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Repeats the work, at least once, for about so long, and answers the milliseconds of each time. */
export async function timedFor(milliseconds: number, work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  const end = performance.now() + milliseconds;
  do times.push(await timed(work));
  while (performance.now() < end);
  return times;
}
