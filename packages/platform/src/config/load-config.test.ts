import { describe, expect, it } from "vitest";
import { ConfigError } from "./config-error.js";
import { loadConfig } from "./load-config.js";
import type { Settings } from "./setting.js";
import { redisSettings, storeSettings } from "./settings.js";

const description = "What it is for.";
const settings = {
  NAME: { type: "string", description },
  PORT: { type: "integer", minimum: 0, maximum: 65_535, default: 3000, description },
  RATIO: { type: "number", minimum: 0, default: 0.5, description },
  STRICT: { type: "boolean", default: true, description },
  MODE: { enum: ["fast", "safe"], default: "safe", description },
  LIST: { type: "array", description },
  TOKEN: { type: "string", pattern: "^tok_", secret: true, description },
} as const satisfies Settings;

const faultsOf = (env: Record<string, string | undefined>): string[] => {
  try {
    loadConfig(settings, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

describe("loadConfig", () => {
  it("types what the environment holds", () => {
    const env = {
      NAME: " api ",
      PORT: "0",
      RATIO: "1.25",
      STRICT: "FALSE",
      MODE: "fast",
      LIST: "a, b,,c ",
      TOKEN: "tok_1",
      UNRELATED: "x",
    };
    expect(loadConfig(settings, env)).toEqual({
      NAME: "api",
      PORT: 0,
      RATIO: 1.25,
      STRICT: false,
      MODE: "fast",
      LIST: ["a", "b", "c"],
      TOKEN: "tok_1",
    });
  });

  it("takes an empty or blank variable for unset", () => {
    const expected = { NAME: "x", PORT: 3000, RATIO: 0.5, STRICT: true, MODE: "safe" };
    expect(loadConfig(settings, { NAME: "x", PORT: "", LIST: " ", TOKEN: undefined })).toEqual(expected);
  });

  it.each(["constructor", "__proto__", "yes", "2"])("takes %j for no boolean", (text) => {
    expect(faultsOf({ STRICT: text })).toEqual([`STRICT: Expected true or false but received "${text}"`]);
  });

  it("lists every fault, and no secret", () => {
    const env = { PORT: "70000", RATIO: "1,5", STRICT: "yes", MODE: "slow", TOKEN: "hush-hush" };
    expect(faultsOf(env)).toEqual([
      'PORT: Expected a whole number from 0 to 65535 but received "70000"',
      'RATIO: Expected a number of at least 0 but received "1,5"',
      'STRICT: Expected true or false but received "yes"',
      'MODE: Expected one of fast, safe but received "slow"',
      "TOKEN: Expected text that matches ^tok_ but received a value that is not shown",
    ]);
    expect(new ConfigError(faultsOf(env)).message).not.toContain("hush");
  });

  it.each(["1.5", "0x10", "1e2", "ten", "Infinity", "-1", "NaN"])("does not take %s for a port", (text) => {
    expect(faultsOf({ NAME: "x", PORT: text })).toHaveLength(1);
  });

  it("freezes all of it", () => {
    const config = loadConfig(settings, { NAME: "x", LIST: "a" });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.LIST)).toBe(true);
  });

  it("accepts the defaults of the shared settings", () => {
    expect(loadConfig({ ...redisSettings, ...storeSettings }, {})).toMatchObject({
      REDIS_URL: "redis://127.0.0.1:6379",
      QUEUE_PREFIX: "{facefleet}",
      STORE_DIR: ".data/objects",
    });
  });

  it("refuses a queue prefix that a Redis Cluster would spread", () => {
    const load = (prefix: string) => () => loadConfig(redisSettings, { QUEUE_PREFIX: prefix });
    expect(load("faces")).toThrow("QUEUE_PREFIX: Expected");
    expect(load("{test-1}:a")).not.toThrow();
  });
});
