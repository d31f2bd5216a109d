import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  freePort,
  freeSeaweedfsPorts,
  provideRedisServer,
  seaweedfsArguments,
  seaweedfsProgram,
  startGuarded,
} from "@facefleet/stack";
import type { BenchContext } from "../bench-context.js";
import { answersOk, localUrl } from "./local-service.js";
import type { Running } from "./part.js";

/** A server that keeps its data and its address, however often it is started. */
interface Dependency {
  readonly url: string;
  launch(): Running;
}

interface ObjectServer extends Dependency {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Resolves once it answers and has the buckets. To be called while it runs. */
  prepare(buckets: readonly string[]): Promise<void>;
}

/** A Redis that has what it has confirmed, however it ends: with `everysec` it may lose a second, which nobody can mend. */
export async function redisIn(folder: string, { env, say }: BenchContext): Promise<Dependency> {
  await mkdir(folder);
  const port = await freePort();
  const command = await provideRedisServer({ env, keepIn: folder, say });
  const settings = {
    ...{ port, bind: "127.0.0.1", dir: folder, save: "", "maxmemory-policy": "noeviction" },
    ...{ appendonly: "yes", appendfsync: "always" },
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return { url: `redis://127.0.0.1:${port}`, launch: () => startGuarded(command, args) };
}

/** SeaweedFS, whose program has to be built already. */
export async function seaweedfsIn(folder: string, { env, rootDir }: BenchContext): Promise<ObjectServer> {
  await mkdir(folder);
  const command = seaweedfsProgram(env);
  if (!existsSync(command)) throw new Error(`Expected ${command}; build it with infra/seaweedfs/build.sh`);
  const identities = join(rootDir, "infra", "seaweedfs", "s3.json");
  const { accessKey, secretKey } = JSON.parse(await readFile(identities, "utf8")).identities[0].credentials[0];
  const ports = await freeSeaweedfsPorts();
  const url = localUrl(ports.s3.http);
  return {
    url,
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    launch: () => startGuarded(command, seaweedfsArguments(folder, identities, ports)),
    async prepare(buckets) {
      await answersOk(`${url}/healthz`, "SeaweedFS");
      // A bucket is a folder of its filer.
      for (const bucket of buckets) {
        await fetch(`${localUrl(ports.filer.http)}/buckets/${bucket}/`, { method: "POST" });
      }
    },
  };
}
