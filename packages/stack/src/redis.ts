import { resolve } from "node:path";
import { aptInstallRedis } from "./apt-install.js";
import { findOnPath } from "./find-on-path.js";
import { claimRedisFolder } from "./redis-claim.js";
import { pingRedis, shownUrl } from "./redis-ping.js";
import { dockerLaunch, localLaunch, type RedisLaunch, startRedisServer } from "./redis-server.js";
import { runCommand } from "./run-command.js";

export interface RedisSearch {
  /** A configured REDIS_URL: used as it is, or refused. */
  readonly url?: string | undefined;
  /** A Redis of our own keeps its files in `redis/` under it. */
  readonly dataDir: string;
  /** Whether a Redis of our own keeps its data over restarts. */
  readonly persistent: boolean;
  /** The environment of the programs that are started; its PATH is searched. */
  readonly env: Record<string, string | undefined>;
  readonly say: (line: string) => void;
}

export interface FoundRedis {
  readonly url: string;
  /** Where it comes from, for people. */
  readonly origin: string;
  /** Resolves with its last words when a Redis that we started has ended; never for somebody else's. */
  readonly ended: Promise<string>;
  /** Stops a Redis that we started, and does nothing to any other. */
  stop(): Promise<void>;
}

/**
 * Finds a Redis: the configured one, the one already running on this data folder, or a new one from
 * `redis-server`, Docker or Debian's package, in this order. Throws one sentence with the choices.
 */
export async function findRedis(search: RedisSearch): Promise<FoundRedis> {
  if (search.url) return configuredRedis(search.url);
  const folder = resolve(search.dataDir, "redis");
  const claim = await claimRedisFolder(folder, search.say);
  if (claim.running !== undefined) return somebodyElses(claim.running, "already running on this data folder");
  try {
    const launch = await chooseLaunch(search, folder);
    const { url, program } = await startRedisServer(launch, claim.serverLock);
    await claim.publish(url);
    const released = program.ended.then(() => claim.release());
    return {
      url,
      origin: `started with ${launch.command}`,
      ended: program.ended,
      stop: () => program.stop().then(() => released),
    };
  } catch (error) {
    await claim.release();
    throw error;
  }
}

async function configuredRedis(url: string): Promise<FoundRedis> {
  try {
    await pingRedis(url);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`Expected a Redis at ${shownUrl(url)} (REDIS_URL) but received: ${message}`, { cause: error });
  }
  return somebodyElses(url, "REDIS_URL");
}

function somebodyElses(url: string, origin: string): FoundRedis {
  return { url, origin, ended: new Promise(() => undefined), stop: async () => undefined };
}

async function chooseLaunch({ env, persistent, say }: RedisSearch, folder: string): Promise<RedisLaunch> {
  const find = (program: string) => findOnPath(program, env.PATH ?? "");
  const installed = await find("redis-server");
  if (installed) return localLaunch(installed, folder, persistent);
  const docker = await find("docker");
  if (docker && (await dockerAnswers(docker))) {
    say("Starting Redis in Docker (image redis:7)");
    return dockerLaunch(docker, folder, persistent);
  }
  const apt = await find("apt-get");
  if (apt && process.getuid?.() === 0) {
    say("Installing redis-server with apt-get, because there is no Redis here yet");
    await aptInstallRedis(apt, env);
    const fresh = await find("redis-server");
    if (fresh) return localLaunch(fresh, folder, persistent);
  }
  throw new Error(
    "Expected a Redis but found none: set REDIS_URL to one, install redis-server so that it is on the PATH, or start Docker",
  );
}

async function dockerAnswers(docker: string): Promise<boolean> {
  return runCommand(docker, ["info"], { timeoutMs: 10_000 }).then(
    () => true,
    () => false,
  );
}
