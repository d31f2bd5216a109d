import { accessSync, constants, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { dataDir } from "./checkout.mjs";

/**
 * The environment of npm and pnpm. They ask no questions that nobody sees, and keep in this checkout what they would
 * keep in a home that cannot be written.
 */
export function packageManagerEnvironment() {
  // biome-ignore lint/style/noProcessEnv: passed on
  const env = { ...process.env, CI: "true" };
  const home = homeOf();
  if (home && isWritable(join(home, ".npm"))) return env;
  const ours = join(dataDir, "home");
  mkdirSync(ours, { recursive: true, mode: 0o700 });
  const settings = env.npm_config_userconfig ?? (home ? join(home, ".npmrc") : undefined);
  return { ...env, ...homeIn(ours), ...(settings && { npm_config_userconfig: settings }) };
}

function homeIn(folder) {
  return {
    HOME: folder,
    XDG_CACHE_HOME: "",
    XDG_DATA_HOME: "",
    XDG_STATE_HOME: "",
    npm_config_cache: join(folder, ".npm"),
  };
}

/** A user of whom the system knows nothing has none. */
function homeOf() {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}

function isWritable(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
