import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

const calls = "connect,sendto,sendmsg,sendmmsg,open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat";

/** Why no process can be watched here; undefined when one can. */
export const noTracing = whyNot();

/** A process all of whose calls to the outside are noted, and those of the processes that it starts. */
export class TracedProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  output = "";

  /** Started in a folder, with nothing in its environment but what is given; `log` is a file for the notes. */
  constructor(
    command: readonly string[],
    private readonly options: { readonly cwd: string; readonly env: Record<string, string>; readonly log: string },
  ) {
    const { log, cwd, env } = options;
    // With -D the process itself is our child, so that signals reach it.
    const watch = ["-D", "-f", "-qq", "-s", "512", "-e", `trace=${calls}`, "-e", "signal=none", "-o", log];
    this.#child = spawn("strace", [...watch, ...command], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
      });
    }
    // Of the watching process, too: it holds the same streams.
    this.#ended = once(this.#child, "close");
  }

  async ended(): Promise<OutsideCalls> {
    await this.#ended;
    return new OutsideCalls(await readFile(this.options.log, "utf8"), this.options.cwd);
  }

  stop(): Promise<OutsideCalls> {
    this.#child.kill("SIGTERM");
    return this.ended();
  }
}

/** What processes asked of others, and left behind, by the notes that were taken. */
export class OutsideCalls {
  readonly #lines: readonly string[];

  constructor(
    notes: string,
    private readonly cwd: string,
  ) {
    this.#lines = notes.split("\n");
  }

  /** Whom they connected or sent to, each once: "127.0.0.1:6379", "[::1]:53", "/run/nscd/socket". */
  get destinations(): string[] {
    return unique(this.#lines.flatMap(destinationsIn));
  }

  /** What they opened for making, made, or renamed to, each once. */
  get made(): string[] {
    return unique(this.#lines.flatMap(pathsMadeIn).map((path) => resolve(this.cwd, path)));
  }
}

function destinationsIn(line: string): string[] {
  const v4 = [...line.matchAll(/sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)/g)];
  const v6 = [...line.matchAll(/sin6_port=htons\((\d+)\).*?inet_pton\(AF_INET6, "([^"]+)"/g)];
  const local = [...line.matchAll(/sun_path=@?"([^"]+)"/g)];
  return [
    ...v4.map(([, port, address]) => `${address}:${port}`),
    ...v6.map(([, port, address]) => `[${address}]:${port}`),
    ...local.map(([, path = ""]) => path),
  ];
}

function pathsMadeIn(line: string): string[] {
  const makes =
    /^\d+ +(creat|mkdir|mkdirat|rename|renameat|renameat2|link|linkat)\(/.test(line) || /O_CREAT/.test(line);
  if (!makes || /= -1 E/.test(line)) return [];
  const path = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].at(-1)?.[1];
  return path === undefined ? [] : [path];
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)].sort();
}

function whyNot(): string | undefined {
  const { status, error } = spawnSync("strace", ["-f", "-qq", "-e", "trace=none", "true"]);
  if (error) return "no strace";
  return status === 0 ? undefined : "strace may not watch processes here";
}
