import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "./environment.js";
import { freePort } from "./machine/free-port.mjs";

const parts = ["master", "volume", "filer", "s3"] as const;

/** Of each part of SeaweedFS: where it speaks HTTP, and where gRPC. */
export type SeaweedfsPorts = Readonly<Record<(typeof parts)[number], { readonly http: number; readonly grpc: number }>>;

/** Where infra/seaweedfs/build.sh keeps what it builds. */
export function seaweedfsProgram({ XDG_CACHE_HOME }: Environment): string {
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "facefleet", "seaweedfs", "weed");
}

export async function freeSeaweedfsPorts(): Promise<SeaweedfsPorts> {
  const ports = parts.map(async (part) => [part, { http: await freePort(), grpc: await freePort() }] as const);
  return Object.fromEntries(await Promise.all(ports)) as SeaweedfsPorts;
}

/** All of it in one process on loopback, as docker-compose.yml runs it. @param identities the file of who may use it */
export function seaweedfsArguments(folder: string, identities: string, ports: SeaweedfsPorts): string[] {
  const settings = {
    ...{ dir: folder, ip: "127.0.0.1", "ip.bind": "127.0.0.1", s3: true, "s3.config": identities },
    ...Object.fromEntries(parts.map((part) => [`${part}.port`, ports[part].http])),
    ...Object.fromEntries(parts.map((part) => [`${part}.port.grpc`, ports[part].grpc])),
    ...{ "s3.port.iceberg": 0, "s3.port.lance": 0, "master.telemetry": false },
    ...{ "master.volumeSizeLimitMB": 64, "volume.max": 200 },
    ...{ "filer.localSocket": join(folder, "filer"), "s3.localSocket": join(folder, "s3") },
  };
  return ["server", ...Object.entries(settings).map(([name, value]) => `-${name}=${value}`)];
}
