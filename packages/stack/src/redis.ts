import { resolve } from "node:path";
import type { Environment } from "./environment.js";
import { expectConfiguredRedis } from "./machine/configured-redis.mjs";
import { provideRedisProgram } from "./machine/redis-program.mjs";
import { claimRedisFolder } from "./redis-claim.js";
import { dockerLaunch, localLaunch, startRedisServer } from "./redis-server.js";

export interface RedisSearch {
  /** A configured REDIS_URL: used as it is, or refused. */
  readonly url?: string | undefined;
  /** A Redis of our own keeps its files in `redis/` under it. */
  readonly dataDir: string;
  /** Whether a Redis of our own keeps its data over restarts. */
  readonly persistent: boolean;
  /** Where a Redis that has to be fetched is kept when the user's cache cannot be written. Unset: in `dataDir`. */
  readonly keepIn?: string;
  /** The environment of the programs that are started; its PATH is searched. */
  readonly env: Environment;
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
 * Finds a Redis: the configured one, the one already running on this data folder, or a new one from a program that is
 * here or can be fetched. Throws one sentence with the choices.
 */
export async function findRedis(search: RedisSearch): Promise<FoundRedis> {
  if (search.url) {
    await expectConfiguredRedis(search.url);
    return somebodyElses(search.url, "REDIS_URL");
  }
  const folder = resolve(search.dataDir, "redis");
  const claim = await claimRedisFolder(folder, search.say);
  if (claim.running !== undefined) return somebodyElses(claim.running, "already running on this data folder");
  try {
    const { dataDir, keepIn = dataDir, env, persistent, say } = search;
    const found = await provideRedisProgram({ env, keepIn, say });
    const launchOf = found.kind === "docker" ? dockerLaunch : localLaunch;
    const launch = launchOf(found.command, folder, persistent);
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

function somebodyElses(url: string, origin: string): FoundRedis {
  return { url, origin, ended: new Promise(() => undefined), stop: async () => undefined };
}
