import { homedir } from "node:os";
import { findOnPath } from "../src/machine/find-on-path.mjs";
import { keptValkey, pipValkey } from "../src/machine/pip-valkey.mjs";

/** The real programs to test with: the Redis that is installed here, and the Valkey that pip brings. */
export async function installedServers(): Promise<{ name: string; program: string }[]> {
  // biome-ignore lint/style/noProcessEnv: they are found on the real PATH
  const env = process.env;
  const search = { env, keepIn: homedir(), say: () => undefined };
  const redis = await findOnPath("redis-server", env.PATH ?? "");
  const valkey = (await keptValkey(search)) ?? (await pipValkey(search).catch(() => undefined));
  return [...found("redis-server", redis), ...found("valkey-server", valkey)];
}

function found(name: string, program: string | undefined): { name: string; program: string }[] {
  if (program) return [{ name, program }];
  process.stderr.write(`SKIPPED: the tests of starting a ${name}: there is none here\n`);
  return [];
}
