import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findOnPath, freePort } from "@facefleet/stack";
import { repository } from "./test-data.js";

const folder = join(repository, "infra", "prometheus");
// biome-ignore lint/style/noProcessEnv: where programs are
const program = await findOnPath("prometheus", process.env.PATH ?? "");

/** Why no Prometheus can be started here; undefined when one can. */
export const noPrometheus = program ? undefined : "no prometheus on the PATH (Debian: apt-get install prometheus)";

export interface Target {
  readonly labels: Record<string, string>;
  readonly health: "up" | "down" | "unknown";
  readonly lastError: string;
}

export interface Rule {
  readonly name: string;
  readonly health: "ok" | "err" | "unknown";
  readonly lastError?: string;
}

interface Sample {
  readonly metric: Record<string, string>;
  readonly value: readonly [at: number, value: string];
}

/** A Prometheus with the repository's rules and configuration, but for the addresses and the intervals. */
export class PrometheusServer {
  private constructor(
    private readonly url: string,
    private readonly child: ChildProcess,
    private readonly directory: string,
  ) {}

  /** Asks each address, by the job that asks it, every second. Resolves once it has asked all of them. */
  static async start(addresses: Readonly<Record<string, readonly string[]>>): Promise<PrometheusServer> {
    const directory = await mkdtemp(join(tmpdir(), "facefleet-prometheus-"));
    const config = join(directory, "prometheus.yml");
    await writeFile(config, configurationFor(await readFile(join(folder, "prometheus.yml"), "utf8"), addresses));
    const address = `127.0.0.1:${await freePort()}`;
    const args = {
      "config.file": config,
      "storage.tsdb.path": join(directory, "data"),
      "web.listen-address": address,
      "log.level": "warn",
    };
    const flags = Object.entries(args).map(([name, value]) => `--${name}=${value}`);
    const child = spawn(program ?? "", flags, { stdio: ["ignore", "inherit", "inherit"] });
    const server = new PrometheusServer(`http://${address}`, child, directory);
    try {
      await server.#ready();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  async targets(): Promise<Target[]> {
    return (await this.#ask<{ activeTargets: Target[] }>("targets")).activeTargets;
  }

  async rules(): Promise<Rule[]> {
    return (await this.#ask<{ groups: { rules: Rule[] }[] }>("rules")).groups.flatMap(({ rules }) => rules);
  }

  /** The values that an expression has now, without those that are no number. Rejects when it is none. */
  async valuesOf(expression: string): Promise<string[]> {
    const { result } = await this.#ask<{ result: Sample[] }>(`query?query=${encodeURIComponent(expression)}`);
    return result.map(({ value: [, value] }) => value).filter((value) => value !== "NaN");
  }

  async stop(): Promise<void> {
    this.child.kill("SIGTERM");
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, "exit");
    await rm(this.directory, { recursive: true, force: true });
  }

  async #ask<T>(path: string): Promise<T> {
    const response = await fetch(`${this.url}/api/v1/${path}`);
    const answer = (await response.json()) as { readonly data?: T; readonly error?: string };
    if (!response.ok) throw new Error(`Expected an answer to ${path} but received ${answer.error}`);
    return answer.data as T;
  }

  async #ready(): Promise<void> {
    const deadline = Date.now() + 30_000;
    const hasAsked = async () => {
      const targets = await this.targets().catch(() => []);
      return targets.length > 0 && targets.every(({ health }) => health !== "unknown");
    };
    while (!(await hasAsked())) {
      if (Date.now() > deadline || this.child.exitCode !== null) throw new Error("Expected Prometheus to start");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function configurationFor(text: string, addresses: Readonly<Record<string, readonly string[]>>): string {
  return text
    .replace("scrape_interval: 15s", "scrape_interval: 1s\n  evaluation_interval: 1s")
    .replace("rules.yml", join(folder, "rules.yml"))
    .replace(/job_name: (\S+)\n.*dns_sd_configs: .*/g, (_, job: string) => {
      const targets = JSON.stringify(addresses[job] ?? []);
      return `job_name: ${job}\n    static_configs: [{ targets: ${targets} }]`;
    });
}
