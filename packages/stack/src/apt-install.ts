import { access } from "node:fs/promises";
import { runCommand } from "./run-command.js";

/**
 * Installs Debian's redis-server for its program only: the package's own service, which would listen on
 * the well-known port, is kept from starting.
 */
export async function aptInstallRedis(apt: string, env: Record<string, string | undefined>): Promise<void> {
  const options = { timeoutMs: 300_000, env: { ...env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" } };
  const install = () => runCommand(apt, ["install", "-y", "--no-install-recommends", "redis-server"], options);
  await install().catch(async () => {
    await runCommand(apt, ["update"], options);
    await install();
  });
  if (await isSystemd()) await runCommand("systemctl", ["disable", "--now", "redis-server"], options).catch(() => "");
}

async function isSystemd(): Promise<boolean> {
  return access("/run/systemd/system").then(
    () => true,
    () => false,
  );
}
