import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findRedis } from "@facefleet/stack";
import { repository } from "./support/test-data.js";

/**
 * Gives the tests a Redis in REDIS_URL: the configured one, or a throw-away one. The first project that
 * asks starts it; the next ones find REDIS_URL set.
 */
export default async function provideRedis(): Promise<() => Promise<void>> {
  const dataDir = await mkdtemp(join(tmpdir(), "facefleet-test-"));
  // biome-ignore lint/style/noProcessEnv: a set-up file hands settings to the tests through it
  const environment = process.env;
  const { REDIS_URL: url, ...env } = environment;
  const redis = await findRedis({
    url,
    dataDir,
    keepIn: join(repository, ".data"),
    persistent: false,
    env,
    say: (line) => process.stderr.write(`${line}\n`),
  });
  environment.REDIS_URL = redis.url;
  return async () => {
    await redis.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}
