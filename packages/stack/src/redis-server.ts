import { freePort } from "./free-port.js";
import { type GuardedProcess, startGuarded } from "./guarded-process.js";
import { pingRedis } from "./redis-ping.js";

export interface RedisServer {
  readonly url: string;
  readonly program: GuardedProcess;
}

/** A program that runs a Redis on a given loopback port. */
export interface RedisLaunch {
  readonly command: string;
  argumentsFor(port: number): readonly string[];
  /** How long it may take to be ready: a container image may have to be downloaded first. */
  readonly patienceMs: number;
}

export function localLaunch(command: string, folder: string, persistent: boolean): RedisLaunch {
  return {
    command,
    patienceMs: 60_000,
    argumentsFor: (port) => [
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", folder],
      ...serverArguments(persistent),
    ],
  };
}

export function dockerLaunch(command: string, folder: string, persistent: boolean): RedisLaunch {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  return {
    command,
    patienceMs: 300_000,
    argumentsFor: (port) => [
      ...["run", "--rm", "--user", user, "-p", `127.0.0.1:${port}:6379`],
      ...["-v", `${folder}:/data`, "redis:7", "redis-server"],
      ...serverArguments(persistent),
    ],
  };
}

/** Starts the server on a free port; when another program takes that port first, on another. */
export async function startRedisServer(launch: RedisLaunch, attempts = 5): Promise<RedisServer> {
  const port = await freePort();
  const program = startGuarded(launch.command, launch.argumentsFor(port));
  try {
    await program.sees(/Ready to accept connections/, launch.patienceMs);
    const url = `redis://127.0.0.1:${port}`;
    await pingRedis(url);
    return { url, program };
  } catch (error) {
    await program.stop();
    const taken = /address already in use|port is already allocated/i.test((error as Error).message);
    if (taken && attempts > 1) return startRedisServer(launch, attempts - 1);
    throw new Error(`Expected ${launch.command} to start but received: ${(error as Error).message}`, { cause: error });
  }
}

/** No snapshots: the append-only file has everything, and a snapshot keeps what has been erased since. */
function serverArguments(persistent: boolean): string[] {
  return ["--appendonly", persistent ? "yes" : "no", "--save", "", "--maxmemory-policy", "noeviction"];
}
