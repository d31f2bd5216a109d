import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Job } from "@facefleet/contracts";
import { describe, expect, inject, it } from "vitest";
import { portrait, repository } from "../support/test-data.js";
import { Caller, isAbsent } from "./caller.js";

const acme = new Caller("acme");

/** The names of metrics in an expression: those of ours, and Node's. What ends in a recording rule's colons is a rule. */
function metricsOf(rules: string): Set<string> {
  const expressions = [...rules.matchAll(/expr: (.+)/g)].map(([, expression = ""]) =>
    expression.replace(/"[^"]*"/g, ""),
  );
  return new Set(expressions.flatMap((expression) => expression.match(/\b(facefleet|nodejs)_\w+\b(?!:)/g) ?? []));
}

describe.skipIf(isAbsent)("the metrics", () => {
  it("are all there that the alerts name, in what the processes show after a small load", async () => {
    await acme.finished(acme.sendImage<Job>("/v1/jobs", await portrait(), { job: { task: "embed" } }));
    const rules = await readFile(join(repository, "infra", "prometheus", "rules.yml"), "utf8");
    const scrapes = await Promise.all(inject("deployment")!.metricsUrls.map(async (url) => (await fetch(url)).text()));
    const named = metricsOf(rules);
    expect(named.size).toBeGreaterThan(6);
    for (const metric of named) {
      const shown = scrapes.filter((scrape) => new RegExp(`^${metric}(\\{.*\\})? \\d`, "m").test(scrape));
      expect(shown.length, metric).toBeGreaterThan(0);
    }
  });

  it("of the whole fleet are shown by one process", async () => {
    const scrapes = await Promise.all(inject("deployment")!.metricsUrls.map(async (url) => (await fetch(url)).text()));
    const shown = scrapes.filter((scrape) => /^facefleet_workers_ready \d/m.test(scrape));
    expect(shown).toHaveLength(1);
    expect(shown[0]).toContain("facefleet_workers_ready 2");
  });
});
