import { resolve } from "node:path";
import { apiDefaults, claimApiPort } from "../../packages/stack/src/machine/api-port.mjs";
import { expectConfiguredRedis } from "../../packages/stack/src/machine/configured-redis.mjs";
import { provideRedisProgram, provideRedisServer } from "../../packages/stack/src/machine/redis-program.mjs";
import { dataDir, say } from "./checkout.mjs";

// biome-ignore lint/style/noProcessEnv: read before there is a configuration
const env = process.env;

/** The packages that a command needs, and what it cannot go on without: checks that throw a sentence. */
export function needsOf(command) {
  if (command === "up") return { packages: "production", machine: [freeApiPort, redis] };
  if (command === "test") return { packages: "all", machine: [redisServer] };
  return { packages: command === undefined ? "all" : "production", machine: [] };
}

/** A port that is none is for the command itself to refuse, with all other faults of its settings. */
async function freeApiPort() {
  const port = Number(setting("PORT") ?? apiDefaults.port);
  if (Number.isInteger(port) && port > 0 && port < 65_536)
    await claimApiPort(setting("HOST") ?? apiDefaults.host, port);
}

async function redis() {
  const url = setting("REDIS_URL");
  if (url) await expectConfiguredRedis(url);
  else await provideRedisProgram({ env, keepIn: resolve(setting("DATA_DIR") ?? dataDir), say });
}

/** Tests also start servers of their own. */
async function redisServer() {
  const url = setting("REDIS_URL");
  if (url) await expectConfiguredRedis(url);
  await provideRedisServer({ env, keepIn: dataDir, say });
}

function setting(name) {
  return env[name]?.trim() || undefined;
}
