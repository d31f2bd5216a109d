import { spawnSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AnalysisResult } from "@facefleet/contracts";
import { freePort } from "@facefleet/stack";
import { expect, it, onTestFinished } from "vitest";
import { selfSigned } from "../packages/platform/test/self-signed.js";
import { Fleet } from "./support/fleet.js";
import { RedisServer, redisProgram } from "./support/redis-server.js";
import { portrait, skipped } from "./support/test-data.js";

/** Built without TLS, a server refuses the setting. */
const { stderr } = spawnSync(await redisProgram(), ["--tls-port", "0", "--port", "none"], { encoding: "utf8" });
const noTls = stderr.includes("tls-port") ? "this Redis server has no TLS" : undefined;

it.skipIf(skipped("Redis by TLS", noTls))(
  "serves by a Redis that is reached by TLS, at an address without a name",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "redis-tls-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { key, cert } = await selfSigned("127.0.0.1");
    const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    await writeFile(keyFile, key);
    await writeFile(certFile, cert);
    const port = await freePort();
    const files = { "tls-key-file": keyFile, "tls-cert-file": certFile, "tls-ca-cert-file": certFile };
    const redis = await RedisServer.start({ "tls-port": `${port}`, "tls-auth-clients": "no", ...files });
    onTestFinished(() => redis.remove());
    const fleet = await Fleet.start({ REDIS_URL: `rediss://127.0.0.1:${port}`, NODE_EXTRA_CA_CERTS: certFile });
    onTestFinished(() => fleet.stop());
    const job = await fleet.finished(await fleet.postImage("/v1/jobs", await portrait(), { task: "detect" }));
    expect((job.result as AnalysisResult).faces).toHaveLength(1);
    const clients = await redis.command("client", "list");
    expect(clients).toContain(`laddr=127.0.0.1:${port}`);
  },
);
