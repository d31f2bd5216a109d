/** A service's /metrics, as it was at one moment. */
export class MetricsPage {
  readonly #lines: readonly string[];

  constructor(text: string) {
    this.#lines = text.split("\n");
  }

  /** The sum of a metric's samples whose labels hold all of `labels`; 0 of none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const samples = this.#lines.filter((line) => /^[^{ ]+/.exec(line)?.[0] === name);
    const matching = samples.filter((line) => wanted.every((label) => line.includes(label)));
    return matching.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
  }
}

export async function readMetrics(address: string): Promise<MetricsPage> {
  const answer = await fetch(`${address}/metrics`);
  return new MetricsPage(await answer.text());
}
