import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Job } from "@facefleet/contracts";
import { describe, expect, inject, it } from "vitest";
import { portrait, repository } from "../support/test-data.js";
import { Caller, isAbsent } from "./caller.js";

const acme = new Caller("acme");
const infra = join(repository, "infra");

/** What Prometheus reads of each process. */
function scrapes(): Promise<string[]> {
  return Promise.all(inject("deployment")!.metricsUrls.map(async (url) => (await fetch(url)).text()));
}

async function alertExpressions(): Promise<string[]> {
  const rules = await readFile(join(infra, "prometheus", "rules.yml"), "utf8");
  return [...rules.matchAll(/expr: (.+)/g)].map(([, expression = ""]) => expression);
}

async function dashboardExpressions(): Promise<string[]> {
  const folder = join(infra, "grafana", "dashboards");
  const texts = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), "utf8")));
  const panels = texts.flatMap((text) => JSON.parse(text).panels as { targets: { expr: string }[] }[]);
  return panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
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

describe.skipIf(isAbsent)("the metrics", () => {
  it("are all there that alerts, dashboards and the scaling of workers name, in what the processes show after a small load", async () => {
    await acme.finished(acme.sendImage<Job>("/v1/jobs", await portrait(), { job: { task: "embed" } }));
    const shown = (await scrapes()).join("\n");
    const vital = [...(await alertExpressions()), ...(await scalingExpressions())];
    const named = metricsOf([...vital, ...(await dashboardExpressions())]);
    expect(named.length).toBeGreaterThan(20);
    const absent = named.filter((name) => !shown.includes(`\n# TYPE ${name.replace(/_bucket$/, "")} `));
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
