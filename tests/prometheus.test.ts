import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findOnPath } from "@facefleet/stack";
import { describe, expect, it } from "vitest";
import { repository, skipped } from "./support/test-data.js";

const folder = join(repository, "infra", "prometheus");
// biome-ignore lint/style/noProcessEnv: where programs are
const promtool = await findOnPath("promtool", process.env.PATH ?? "");
const noPromtool = promtool ? undefined : "no promtool on the PATH (Debian: apt-get install prometheus)";

const check = (...args: string[]) => promisify(execFile)(promtool ?? "", args, { cwd: folder });

describe.skipIf(skipped("the alerts, by promtool", noPromtool))("the rules for Prometheus", () => {
  it("are valid, with the configuration that loads them", async () => {
    const { stdout } = await check("check", "config", "prometheus.yml");
    expect(stdout).toMatch(/rules\.yml\s+SUCCESS: \d+ rules found/);
  });

  it("fire when they should, and not before", async () => {
    const { stdout } = await check("test", "rules", "rules.test.yml");
    expect(stdout).toContain("SUCCESS");
  });
});

describe("each alert", () => {
  const alertNames = async (file: string, key: string) => {
    const text = await readFile(join(folder, file), "utf8");
    return new Set([...text.matchAll(new RegExp(`${key}: (Facefleet\\w+)`, "g"))].map(([, name]) => name));
  };

  it("has a place in the runbook", async () => {
    const rules = await readFile(join(folder, "rules.yml"), "utf8");
    const runbook = await readFile(join(repository, "docs", "runbook.md"), "utf8");
    const places = [...runbook.matchAll(/^## (.+)$/gm)].map(([, title = ""]) =>
      title.toLowerCase().replaceAll(" ", "-"),
    );
    const named = [...rules.matchAll(/runbook: docs\/runbook\.md#(\S+)/g)].map(([, place]) => place);
    expect(named).toHaveLength((await alertNames("rules.yml", "alert")).size);
    for (const place of named) expect(places).toContain(place);
  });

  it("leads to that place in Grafana, where alerts are looked at", async () => {
    const rules = await readFile(join(folder, "rules.yml"), "utf8");
    const { uid, panels } = JSON.parse(
      await readFile(join(repository, "infra", "grafana", "dashboards", "runbook.json"), "utf8"),
    ) as { uid: string; panels: { id: number; title: string }[] };
    const links = [...rules.matchAll(/runbook: \S+#(\S+)\n +runbook_url: "(.+)"/g)];
    expect(links).toHaveLength((await alertNames("rules.yml", "alert")).size);
    for (const [, place, url] of links) {
      const panel = panels.find(({ title }) => title.toLowerCase().replaceAll(" ", "-") === place);
      expect(url).toBe(`{{ $externalLabels.grafana }}/d/${uid}?viewPanel=${panel?.id}`);
    }
    expect(await readFile(join(folder, "prometheus.yml"), "utf8")).toContain('external_labels: { grafana: "http');
  });

  it("is tested: where it fires, and where it does not", async () => {
    const tests = await readFile(join(folder, "rules.test.yml"), "utf8");
    for (const name of await alertNames("rules.yml", "alert")) {
      expect(tests.match(new RegExp(`alertname: ${name}`, "g"))?.length, name).toBeGreaterThanOrEqual(2);
    }
  });
});
