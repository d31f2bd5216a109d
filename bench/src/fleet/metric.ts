/** Sums the samples of a metric of a service whose labels hold all of `labels`, read from its /metrics. */
export async function metricSum(address: string, name: string, labels: Readonly<Record<string, string>> = {}) {
  const text = await (await fetch(`${address}/metrics`)).text();
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const samples = text.split("\n").filter((line) => /^[^{ ]+/.exec(line)?.[0] === name);
  const matching = samples.filter((line) => wanted.every((label) => line.includes(label)));
  return matching.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}
