import type { Static, TObject } from "typebox";
import { ConfigError } from "./config-error.js";
import { expectation, readSetting, type SettingSchema } from "./setting.js";

/**
 * Makes the one configuration object of an application, deeply frozen, from the environment.
 * The schema's keys are the names of the variables; an empty or blank variable counts as unset.
 * @throws ConfigError that lists every fault
 */
export function loadConfig<T extends TObject>(
  schema: T,
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Static<T>> {
  const required = new Set<string>(schema.required);
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, setting] of Object.entries<SettingSchema>(schema.properties)) {
    const read = resolve(setting, env[name]?.trim(), required.has(name));
    if ("fault" in read) faults.push(`${name}: ${read.fault}`);
    else if (read.value !== undefined) values[name] = read.value;
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return deepFreeze(values) as Readonly<Static<T>>;
}

function resolve(setting: SettingSchema, text: string | undefined, required: boolean) {
  if (text) return readSetting(setting, text);
  if (setting.default !== undefined) return { value: structuredClone(setting.default) };
  return required ? { fault: `Expected ${expectation(setting)} but received nothing` } : { value: undefined };
}

function deepFreeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === "object" && inner !== null) deepFreeze(inner);
  return Object.freeze(value);
}
