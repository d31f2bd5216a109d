import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freeSeaweedfsPorts, seaweedfsArguments, seaweedfsProgram } from "@facefleet/stack";
import { createBucket, type S3Server } from "./s3-server.js";

// biome-ignore lint/style/noProcessEnv: where infra/seaweedfs/build.sh keeps it
const program = seaweedfsProgram(process.env);
/** Who may use docker-compose.yml's SeaweedFS. */
const composeIdentities = fileURLToPath(new URL("../../../infra/seaweedfs/s3.json", import.meta.url));
const patienceMs = 60_000;

/** Whether SeaweedFS can be started here; says so when its tests are skipped. */
export const haveSeaweedfs = existsSync(program);
if (!haveSeaweedfs) {
  process.stderr.write(`SKIPPED: the tests on SeaweedFS need ${program} (run infra/seaweedfs/build.sh)\n`);
}

/** SeaweedFS, as docker-compose.yml runs it, on free loopback ports. */
export async function startSeaweedfs(): Promise<S3Server> {
  const directory = await mkdtemp(path.join(tmpdir(), "facefleet-weed-"));
  const ports = await freeSeaweedfsPorts();
  const { identities, credentials } = await identitiesOfTests(directory);
  const server = spawn(program, seaweedfsArguments(directory, identities, ports), { stdio: "ignore" });
  const ended = once(server, "exit");
  const stop = async () => {
    server.kill("SIGKILL");
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const access = { endpoint: `http://127.0.0.1:${ports.s3.http}`, ...credentials };
    await Promise.race([untilReady(access.endpoint), ended.then(() => Promise.reject(new Error("it ended")))]);
    const bucket = "facefleet-test";
    await createBucket(access, bucket);
    return { ...access, bucket, createBucket: (name) => createBucket(access, name), stop };
  } catch (error) {
    await stop();
    throw new Error("Expected SeaweedFS to start", { cause: error });
  }
}

/** The same identity, which may also make and change buckets, as the tests do. */
async function identitiesOfTests(directory: string) {
  const [identity] = JSON.parse(await readFile(composeIdentities, "utf8")).identities;
  const identities = path.join(directory, "identities.json");
  const actions = ["Admin", "Read", "Write", "List"];
  await writeFile(identities, JSON.stringify({ identities: [{ ...identity, actions }] }));
  const { accessKey: accessKeyId, secretKey: secretAccessKey } = identity.credentials[0];
  return { identities, credentials: { accessKeyId, secretAccessKey } };
}

async function untilReady(endpoint: string): Promise<void> {
  for (const giveUp = Date.now() + patienceMs; Date.now() < giveUp; await sleep(100)) {
    const answer = await fetch(`${endpoint}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
  }
  throw new Error(`It was not ready after ${patienceMs / 1000} s`);
}
