import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@facefleet/stack";

/** Why tests behind nginx cannot run; undefined when they can. */
export const noNginx = hasNginx() ? undefined : "no nginx (install the package nginx-light)";

/** nginx before a server, as most set it up: it reads a body whole, passes it on, and reads nothing meanwhile. */
export class Nginx {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {}

  /** @param settings of the location, besides the server's address */
  static async before(url: string, settings = ""): Promise<Nginx> {
    const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), "facefleet-nginx-"))];
    const file = join(folder, "nginx.conf");
    await writeFile(file, configuration(port, url, settings));
    const args = ["-p", folder, "-e", "stderr", "-c", file];
    const child = spawn("nginx", args, { stdio: ["ignore", "ignore", "inherit"] });
    const nginx = new Nginx(`http://127.0.0.1:${port}`, child, folder);
    await nginx.#answers();
    return nginx;
  }

  async stop(): Promise<void> {
    if (this.child.kill("SIGTERM")) await once(this.child, "exit");
    await rm(this.folder, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    while ((await fetch(`${this.url}/livez`).catch(() => undefined))?.status !== 200) {
      if (this.child.exitCode !== null) throw new Error("Expected nginx to answer but it ended");
      await sleep(50);
    }
  }
}

function configuration(port: number, url: string, settings: string): string {
  const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${name};`);
  return `daemon off;
worker_processes 1;
${process.getuid?.() === 0 ? "user root;" : ""}
pid nginx.pid;
events {}
http {
  access_log off;
  ${paths.join(" ")}
  server {
    listen 127.0.0.1:${port};
    client_max_body_size 0;
    location / {
      proxy_pass ${url};
      ${settings}
    }
  }
}
`;
}

function hasNginx(): boolean {
  try {
    execFileSync("nginx", ["-v"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
