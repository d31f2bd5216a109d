import { ConfigError } from "./config-error.js";
import { type Config, readSetting, type Settings } from "./setting.js";

/**
 * Makes the one configuration object of an application, deeply frozen, from the environment. An empty or blank variable
 * counts as unset.
 * @throws ConfigError that lists every fault
 */
export function loadConfig<S extends Settings>(
  settings: S,
  env: Readonly<Record<string, string | undefined>>,
): Config<S> {
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, setting] of Object.entries(settings)) {
    const text = env[name]?.trim();
    const read = text ? readSetting(setting, text) : { value: setting.default };
    if ("fault" in read) faults.push(`${name}: ${read.fault}`);
    else if (read.value !== undefined) values[name] = Object.freeze(read.value);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return Object.freeze(values) as Config<S>;
}
