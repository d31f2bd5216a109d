import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Batch, Job } from "@facefleet/contracts";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { noPrometheus, PrometheusServer } from "../support/prometheus-server.js";
import { portrait, repository, skipped } from "../support/test-data.js";
import { answering, WebhookReceiver } from "../support/webhook-receiver.js";
import { Caller } from "./caller.js";

const acme = new Caller("acme");
const infra = join(repository, "infra");

/** What Prometheus reads of each process. */
function scrapes(): Promise<string[]> {
  return Promise.all(inject("deployment").metricsUrls.map(async (url) => (await fetch(url)).text()));
}

async function alertExpressions(): Promise<string[]> {
  const rules = await readFile(join(infra, "prometheus", "rules.yml"), "utf8");
  return [...rules.matchAll(/expr: (.+)/g)].map(([, expression = ""]) => expression);
}

async function dashboardExpressions(): Promise<string[]> {
  const folder = join(infra, "grafana", "dashboards");
  const texts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")));
  const panels = texts.flatMap((text) => JSON.parse(text).panels as { targets?: { expr: string }[] }[]);
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

async function scalingExpressions(): Promise<string[]> {
  const scaling = await readFile(join(infra, "kubernetes", "base", "inference", "scaling.yaml"), "utf8");
  return [...scaling.matchAll(/query: (.+)/g)].map(([, expression = ""]) => expression);
}

/** The metrics that expressions name: ours, and Node's. The names of recording rules have colons. */
function metricsOf(expressions: readonly string[]): string[] {
  const bare = expressions.map((expression) => expression.replace(/"[^"]*"/g, ""));
  const names = bare.flatMap((expression) => expression.match(/\b(facefleet|nodejs)_\w+/g) ?? []);
  return [...new Set(names)];
}

describe("the metrics", () => {
  it("are all there that alerts, dashboards and the scaling of workers name, in what the processes show after a small load", async () => {
    await acme.finished(acme.sendImage<Job>("/v1/jobs", await portrait(), { job: { task: "embed" } }));
    const shown = (await scrapes()).join("\n");
    const vital = [...(await alertExpressions()), ...(await scalingExpressions())];
    const named = metricsOf([...vital, ...(await dashboardExpressions())]);
    expect(named.length).toBeGreaterThan(20);
    const absent = named.filter((name) => !shown.includes(`\n# TYPE ${name.replace(/_(bucket|sum|count)$/, "")} `));
    expect(absent).toEqual([]);
    // Those that wake people, or add workers, have values from the start.
    const silent = metricsOf(vital).filter((name) => !new RegExp(`^${name}(\\{.*\\})? \\d`, "m").test(shown));
    expect(silent).toEqual([]);
  });

  it("of the whole fleet are shown by one process", async () => {
    const ofFleet = (await scrapes()).filter((scrape) => /^facefleet_workers_ready \d/m.test(scrape));
    expect(ofFleet).toHaveLength(1);
    expect(ofFleet[0]).toContain("facefleet_workers_ready 2");
  });
});

/** Those that a small load in which all goes well leaves without a value, and why. */
const mayBeEmpty = [
  /facefleet_tenant_refusals_total/, // Nobody is refused.
  /facefleet_jobs_given_back_total/, // No part is away.
  /facefleet_analysis_cache_total/, // It is off.
  /facefleet_inference_tensor/, // The engine does not count them.
];

/** What Grafana puts in the place of its variables. */
function filledIn(expression: string, instance: string): string {
  return expression.replaceAll("$__rate_interval", "1m").replaceAll("$instance", instance);
}

describe.skipIf(skipped("the metrics, by Prometheus", noPrometheus))("a Prometheus", () => {
  const hosts = inject("deployment").metricsUrls.map((url) => new URL(url).host);
  const [apis, workers] = [hosts.slice(0, 2), hosts.slice(2)];
  let prometheus: PrometheusServer;
  let receiver: WebhookReceiver;

  beforeAll(async () => {
    receiver = await WebhookReceiver.start(answering(204));
    prometheus = await PrometheusServer.start({ "facefleet-api": apis, "facefleet-worker": workers });
    // Twice, for a rate needs two values.
    for (let times = 0; times < 2; times++) {
      await load();
      await new Promise((resolve) => setTimeout(resolve, 2500));
    }
  }, 60_000);

  afterAll(() => Promise.all([prometheus?.stop(), receiver?.stop()]));

  /** Jobs of each kind, with a webhook, and a batch. */
  async function load(): Promise<void> {
    const image = await portrait();
    const webhook = { url: receiver.url };
    const jobs = ["detect", "embed", "detect", "embed"].map((task) =>
      acme.finished(acme.sendImage<Job>("/v1/jobs", image, { job: { task, webhook } })),
    );
    await Promise.all([...jobs, acme.sendImage("/extract-embedding", image)]);
    const absent = { s3: { bucket: "photos", key: "absent.jpg" } };
    const { body } = await acme.post<Batch>("/v1/batches", { task: "detect", items: [absent] });
    await acme.endedBatch(body.id);
  }

  it("reads every process", async () => {
    const targets = await prometheus.targets();
    expect(targets.map(({ health, lastError }) => [health, lastError])).toEqual(hosts.map(() => ["up", ""]));
  });

  it("evaluates every rule without an error", async () => {
    const rules = await prometheus.rules();
    expect(rules).toHaveLength((await alertExpressions()).length);
    expect(rules.filter(({ health, lastError }) => health !== "ok" || lastError)).toEqual([]);
  });

  it("answers what the dashboards and the rules ask, with values", async () => {
    const empty: string[] = [];
    for (const expression of await dashboardExpressions()) {
      const values = await Promise.all(workers.map((instance) => prometheus.valuesOf(filledIn(expression, instance))));
      if (values.flat().length === 0) empty.push(expression);
    }
    // An alert that has no value does not fire; what it compares has one.
    for (const expression of await alertExpressions()) {
      const compared = expression.replace(/ (>|==) [\d.]+/g, "").replace(/^absent\((.+)\)$/, "$1");
      if ((await prometheus.valuesOf(compared)).length === 0) empty.push(expression);
    }
    expect(empty.filter((expression) => !mayBeEmpty.some((known) => known.test(expression)))).toEqual([]);
  });
});
