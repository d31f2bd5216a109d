import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@facefleet/stack";
import { fetchTrusting } from "./fetch-trusting.js";

/** Why tests behind nginx cannot run; undefined when they can. */
export const noNginx = runs("nginx", "-v") ? undefined : "no nginx (install the package nginx-light)";

/** Why tests behind HAProxy cannot run; undefined when they can. */
export const noHaproxy = runs("haproxy", "-v") ? undefined : "no haproxy (install the package haproxy)";

/** How often HAProxy asks a server whether it is ready, in milliseconds. */
const askEveryMs = 200;

interface NginxOptions {
  readonly prefix?: string;
  /** Its certificate and key, as PEM. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
}

interface NginxLocation extends Required<Pick<NginxOptions, "prefix">>, Pick<NginxOptions, "tls"> {
  readonly server: string;
  readonly settings: string;
}

/** A proxy before API processes, with a configuration of its own. */
export class ProxyProcess {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
    /** Believes its certificate. */
    readonly fetch: typeof globalThis.fetch,
  ) {}

  /**
   * nginx before a server, as most set it up: it reads a body whole, passes it on, and reads nothing meanwhile.
   *
   * @param settings of the location, besides the server's address
   * @param prefix of the paths that are passed on, without it
   */
  static nginx(server: string, settings = "", { prefix = "", tls }: NginxOptions = {}): Promise<ProxyProcess> {
    const configuration = (port: number) => nginxConfiguration(port, { server, settings, prefix, tls });
    return ProxyProcess.#start("nginx", configuration, (folder, file) => ["-p", folder, "-e", "stderr", "-c", file], {
      prefix,
      tls,
    });
  }

  /**
   * HAProxy before servers: it asks each whether it is ready, takes three bad answers in a row for a no, because a busy
   * machine gives one now and then, and never sends a request twice.
   */
  static haproxy(servers: readonly string[]): Promise<ProxyProcess> {
    return ProxyProcess.#start(
      "haproxy",
      (port) => haproxyConfiguration(port, servers),
      (_, file) => ["-db", "-f", file],
    );
  }

  static async #start(
    program: string,
    configuration: (port: number) => string,
    args: (folder: string, file: string) => readonly string[],
    { prefix = "", tls }: NginxOptions = {},
  ): Promise<ProxyProcess> {
    const [port, folder] = [await freePort(), await mkdtemp(join(tmpdir(), `facefleet-${program}-`))];
    const file = join(folder, "proxy.conf");
    await writeFile(file, configuration(port));
    if (tls)
      await Promise.all([writeFile(join(folder, "key.pem"), tls.key), writeFile(join(folder, "cert.pem"), tls.cert)]);
    const child = spawn(program, args(folder, file), { stdio: ["ignore", "ignore", "inherit"] });
    const address = `${tls ? "https" : "http"}://127.0.0.1:${port}${prefix}`;
    const proxy = new ProxyProcess(address, child, folder, tls ? fetchTrusting(tls.cert) : fetch);
    await proxy.#answers();
    return proxy;
  }

  async stop(): Promise<void> {
    if (this.child.kill("SIGTERM")) await once(this.child, "exit");
    await rm(this.folder, { recursive: true, force: true });
  }

  async #answers(): Promise<void> {
    while ((await this.fetch(`${this.url}/livez`).catch(() => undefined))?.status !== 200) {
      if (this.child.exitCode !== null) throw new Error(`Expected ${this.child.spawnfile} to answer but it ended`);
      await sleep(50);
    }
  }
}

function nginxConfiguration(port: number, { server, settings, prefix, tls }: NginxLocation): string {
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
    listen 127.0.0.1:${port}${tls ? " ssl" : ""};
    ${tls ? "ssl_certificate cert.pem; ssl_certificate_key key.pem;" : ""}
    client_max_body_size 0;
    location ${prefix}/ {
      proxy_pass ${server}/;
      ${settings}
    }
  }
}
`;
}

function haproxyConfiguration(port: number, servers: readonly string[]): string {
  const lines = servers.map((url, index) => `  server api-${index + 1} ${new URL(url).host} check`);
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
${lines.join("\n")}
`;
}

function runs(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
