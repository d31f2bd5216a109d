import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort, provideRedisServer } from "@facefleet/stack";
import { Redis } from "ioredis";
import { type RedisWrite, readAppendOnlyFile } from "./append-only-file.js";

/** The checkout's own: where what is fetched is kept when the user's cache cannot be written. */
const keepIn = fileURLToPath(new URL("../../.data", import.meta.url));

/** The program that this machine runs Redis servers with; fetched when there is none. */
export function redisProgram(): Promise<string> {
  // biome-ignore lint/style/noProcessEnv: programs are found on the PATH of the tests
  return provideRedisServer({ env: process.env, keepIn, say: tell });
}

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A Redis that a test can take away and bring back, with its data, on the same port. */
export class RedisServer {
  #child: ChildProcess | undefined;

  private constructor(
    readonly port: number,
    private readonly directory: string,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  /** Reserved, not started. Whoever reserves it removes it. */
  static async reserve(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
    return new RedisServer(await freePort(), await mkdtemp(join(tmpdir(), "facefleet-redis-")), settings);
  }

  static async start(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
    const server = await RedisServer.reserve(settings);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const own = { port: this.port, bind: "127.0.0.1", dir: this.directory, appendonly: "yes", save: "" };
    const args = Object.entries({ ...own, ...this.settings }).flatMap(([name, value]) => [`--${name}`, `${value}`]);
    this.#child = spawn(await redisProgram(), args, { stdio: ["ignore", "pipe", "inherit"] });
    for await (const chunk of this.#child.stdout ?? []) if (String(chunk).includes("Ready to accept")) return;
    throw new Error(`Expected a Redis server to start on port ${this.port} but it ended`);
  }

  /** What it says to a command: lines, as `redis-cli` shows them. */
  async command(name: string, ...words: string[]): Promise<string> {
    const { requirepass: password } = this.settings;
    const login = password === undefined ? {} : { password };
    const redis = new Redis({ port: this.port, ...login, lazyConnect: true, retryStrategy: () => null });
    try {
      await redis.connect();
      const answer = await redis.call(name, words);
      return [answer].flat().join("\n").trim();
    } finally {
      redis.disconnect();
    }
  }

  /** Every write that it has been told, oldest first. */
  writes(): Promise<RedisWrite[]> {
    return readAppendOnlyFile(this.directory);
  }

  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    // A frozen process hears nothing else; killed, it does nothing more.
    if (signal !== "SIGKILL") child.kill("SIGCONT");
    child.kill(signal);
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }

  /** It keeps its connections and answers nothing. */
  freeze(): void {
    this.#child?.kill("SIGSTOP");
  }

  thaw(): void {
    this.#child?.kill("SIGCONT");
  }

  /** At once: a replica that is still writing its first append-only file heeds no SIGTERM. */
  async remove(): Promise<void> {
    await this.stop("SIGKILL");
    // A child of its own that rewrites the append-only file is not killed with it, and may still write for a moment.
    await rm(this.directory, { recursive: true, force: true, maxRetries: 10 });
  }
}
