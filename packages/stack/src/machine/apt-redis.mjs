import { access } from "node:fs/promises";
import { findOnPath } from "./find-on-path.mjs";
import { runCommand } from "./run-command.mjs";

/**
 * Installs Debian's redis-server for its program only: the package's own service, which would listen on
 * the well-known port, is kept from starting.
 *
 * @param {import("./redis-program.mjs").ProgramSearch} search
 * @returns {Promise<string | undefined>} the program, or undefined where that cannot be done
 */
export async function aptRedis({ env, say }) {
  const apt = await findOnPath("apt-get", env.PATH ?? "");
  if (!apt || process.getuid?.() !== 0) return undefined;
  say("Installing redis-server with apt-get, because there is no Redis here yet");
  const options = { timeoutMs: 300_000, env: { ...env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" } };
  const install = () => runCommand(apt, ["install", "-y", "--no-install-recommends", "redis-server"], options);
  await install().catch(async () => {
    await runCommand(apt, ["update"], options);
    await install();
  });
  if (await isSystemd()) await runCommand("systemctl", ["disable", "--now", "redis-server"], options).catch(() => "");
  return findOnPath("redis-server", env.PATH ?? "");
}

async function isSystemd() {
  return access("/run/systemd/system").then(
    () => true,
    () => false,
  );
}
