import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type GuardedProcess, startGuarded } from "./guarded-process.js";
import { freePort } from "./machine/free-port.mjs";
import { pingRedis } from "./machine/redis-ping.mjs";
import { redisImage } from "./machine/redis-program.mjs";

/** A configuration of one line. */
const passwordFile = "password.conf";
/** For all that it may have to load. */
const readyMs = 60_000;

export interface RedisServer {
  readonly url: string;
  readonly program: GuardedProcess;
}

/** A program that runs a Redis on a given loopback port. */
export interface RedisLaunch {
  readonly command: string;
  /** Where its data is. */
  readonly folder: string;
  argumentsFor(port: number): readonly string[];
}

export function localLaunch(command: string, folder: string, persistent: boolean): RedisLaunch {
  return {
    command,
    folder,
    argumentsFor: (port) => [
      ...[join(folder, passwordFile), "--port", String(port), "--bind", "127.0.0.1", "--dir", folder],
      ...serverArguments(persistent),
    ],
  };
}

export function dockerLaunch(command: string, folder: string, persistent: boolean): RedisLaunch {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  return {
    command,
    folder,
    argumentsFor: (port) => [
      ...["run", "--rm", "--user", user, "-p", `127.0.0.1:${port}:6379`],
      ...["-v", `${folder}:/data`, redisImage, "redis-server", `/data/${passwordFile}`],
      ...serverArguments(persistent),
    ],
  };
}

/**
 * Starts the server on a free port; when another program takes that port first, on another.
 * @param lock the descriptor of the lock that the server is to hold
 */
export async function startRedisServer(launch: RedisLaunch, lock: number, attempts = 5): Promise<RedisServer> {
  const password = await newPassword(launch.folder);
  const port = await freePort();
  const program = startGuarded(launch.command, launch.argumentsFor(port), lock);
  try {
    await program.sees(/Ready to accept connections/, readyMs);
    const url = `redis://default:${password}@127.0.0.1:${port}`;
    await pingRedis(url);
    return { url, program };
  } catch (error) {
    await program.stop();
    const taken = /address already in use|port is already allocated/i.test((error as Error).message);
    if (taken && attempts > 1) return startRedisServer(launch, lock, attempts - 1);
    throw new Error(`Expected ${launch.command} to start but received: ${(error as Error).message}`, { cause: error });
  }
}

/** Every user of this machine reaches the port. In a file, because they see the arguments of programs, too. */
async function newPassword(folder: string): Promise<string> {
  const password = randomBytes(24).toString("base64url");
  await writeFile(join(folder, passwordFile), `requirepass ${password}\n`, { mode: 0o600 });
  return password;
}

/**
 * No snapshots: the append-only file has everything, and a snapshot keeps what has been erased since. The file begins
 * with commands: Redis and Valkey cannot read each other's snapshots, and the next start may find the other one.
 */
function serverArguments(persistent: boolean): string[] {
  const file = ["--appendonly", persistent ? "yes" : "no", "--aof-use-rdb-preamble", "no"];
  return [...file, "--save", "", "--maxmemory-policy", "noeviction"];
}
