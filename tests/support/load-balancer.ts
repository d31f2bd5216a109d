import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@facefleet/stack";

/** Why tests behind a load balancer cannot run; undefined when they can. */
export const noLoadBalancer = hasHaproxy() ? undefined : "no haproxy (install the package haproxy)";

/** How often HAProxy asks a server whether it is ready, in milliseconds. */
const askEveryMs = 200;

/**
 * HAProxy before API processes: it asks each whether it is ready, takes three bad answers in a row for a no, because a
 * busy machine gives one now and then, and never sends a request twice.
 */
export class LoadBalancer {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  static async start(urls: readonly string[]): Promise<LoadBalancer> {
    const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), "facefleet-haproxy-"))];
    const file = join(folder, "haproxy.cfg");
    await writeFile(file, configuration(port, urls));
    const child = spawn("haproxy", ["-db", "-f", file], { stdio: ["ignore", "inherit", "inherit"] });
    const balancer = new LoadBalancer(`http://127.0.0.1:${port}`, child, folder);
    await balancer.#answers();
    return balancer;
  }

  async stop(): Promise<void> {
    if (this.child.kill("SIGTERM")) await once(this.child, "exit");
    await rm(this.folder, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    while ((await fetch(`${this.url}/livez`).catch(() => undefined))?.status !== 200) {
      if (this.child.exitCode !== null) throw new Error("Expected haproxy to answer but it ended");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

function configuration(port: number, urls: readonly string[]): string {
  const servers = urls.map((url, index) => `  server api-${index + 1} ${new URL(url).host} check`);
  return `defaults
  mode http
  timeout connect 1s
  timeout check 1s
  timeout client 60s
  timeout server 60s
  retries 0
frontend fleet
  bind 127.0.0.1:${port}
  default_backend apis
backend apis
  balance roundrobin
  option httpchk GET /readyz
  default-server inter ${askEveryMs}ms fall 3 rise 1
${servers.join("\n")}
`;
}

function hasHaproxy(): boolean {
  try {
    execFileSync("haproxy", ["-v"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
