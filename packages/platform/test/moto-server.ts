import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { homedir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "@facefleet/stack";
import { createBucket, type S3Server } from "./s3-server.js";

// biome-ignore lint/style/noProcessEnv: where .ci/run keeps it, unless Python has it of its own
const { XDG_CACHE_HOME, ...env } = process.env;
const packages = path.join(XDG_CACHE_HOME || path.join(homedir(), ".cache"), "facefleet/moto-5.2.1");
const python = { env: { ...env, PYTHONPATH: packages } };
const patienceMs = 60_000;

/** Whether moto, which knows versions, locks and lifecycles of buckets as AWS does, can be started here; says so if not. */
export const haveMoto = spawnSync("python3", ["-c", "import moto.server"], python).status === 0;
if (!haveMoto)
  process.stderr.write("SKIPPED: the tests of versioned buckets need moto (pip install 'moto[s3]' flask flask-cors)\n");

/** moto on a free loopback port. It checks no signatures. */
export async function startMoto(): Promise<S3Server> {
  const port = await freePort();
  const args = ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)];
  const server = spawn("python3", args, { ...python, stdio: "ignore" });
  const ended = once(server, "exit");
  const access = { endpoint: `http://127.0.0.1:${port}`, accessKeyId: "id", secretAccessKey: "secret" };
  for (const giveUp = Date.now() + patienceMs; ; await sleep(100)) {
    if (await fetch(`${access.endpoint}/moto-api/`).catch(() => undefined)) break;
    if (server.exitCode !== null || Date.now() > giveUp) throw new Error("Expected moto to start but it does not");
  }
  const bucket = "facefleet-test";
  await createBucket(access, bucket);
  return {
    ...access,
    bucket,
    createBucket: (name) => createBucket(access, name),
    async stop() {
      server.kill("SIGKILL");
      await ended;
    },
  };
}
