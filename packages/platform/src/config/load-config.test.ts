import { Type } from "typebox";
import { describe, expect, it } from "vitest";
import { ConfigError } from "./config-error.js";
import { loadConfig } from "./load-config.js";
import { redisSettings, storeSettings } from "./settings.js";

const schema = Type.Object({
  NAME: Type.String(),
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 3000 }),
  RATIO: Type.Number({ minimum: 0, default: 0.5 }),
  STRICT: Type.Boolean({ default: true }),
  MODE: Type.Enum(["fast", "safe"], { default: "safe" }),
  AUTH: Type.Optional(Type.Literal("none")),
  LIST: Type.Optional(Type.Array(Type.String())),
  TOKEN: Type.Optional(Type.String({ pattern: "^tok_", secret: true })),
});

const faultsOf = (env: Record<string, string | undefined>): string[] => {
  try {
    loadConfig(schema, env);
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
      AUTH: "none",
      LIST: "a, b,,c ",
      TOKEN: "tok_1",
      UNRELATED: "x",
    };
    expect(loadConfig(schema, env)).toEqual({
      NAME: "api",
      PORT: 0,
      RATIO: 1.25,
      STRICT: false,
      MODE: "fast",
      AUTH: "none",
      LIST: ["a", "b", "c"],
      TOKEN: "tok_1",
    });
  });

  it("takes an empty or blank variable for unset", () => {
    const expected = { NAME: "x", PORT: 3000, RATIO: 0.5, STRICT: true, MODE: "safe" };
    expect(loadConfig(schema, { NAME: "x", PORT: "", AUTH: "", LIST: " ", TOKEN: undefined })).toEqual(expected);
  });

  it("lists every fault, and no secret", () => {
    const env = { PORT: "70000", RATIO: "1,5", STRICT: "yes", MODE: "slow", AUTH: "off", TOKEN: "hush-hush" };
    expect(faultsOf(env)).toEqual([
      "NAME: Expected text but received nothing",
      'PORT: Expected a whole number from 0 to 65535 but received "70000"',
      'RATIO: Expected a number of at least 0 but received "1,5"',
      'STRICT: Expected true or false but received "yes"',
      'MODE: Expected one of fast, safe but received "slow"',
      'AUTH: Expected "none" but received "off"',
      "TOKEN: Expected text that matches ^tok_ but received a value that is not shown",
    ]);
    expect(new ConfigError(faultsOf(env)).message).not.toContain("hush");
  });

  it.each(["1.5", "0x10", "1e2", "ten", "Infinity", "-1", "NaN"])("does not take %s for a port", (text) => {
    expect(faultsOf({ NAME: "x", PORT: text })).toHaveLength(1);
  });

  it("freezes all of it", () => {
    const config = loadConfig(schema, { NAME: "x", LIST: "a" });
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.LIST)).toBe(true);
  });

  it("accepts the defaults of the shared settings", () => {
    expect(loadConfig(Type.Object({ ...redisSettings, ...storeSettings }), {})).toMatchObject({
      REDIS_URL: "redis://127.0.0.1:6379",
      QUEUE_PREFIX: "{facefleet}",
      STORE_DIR: ".data/objects",
    });
  });

  it("refuses a queue prefix that a Redis Cluster would spread", () => {
    const load = (prefix: string) => () => loadConfig(Type.Object(redisSettings), { QUEUE_PREFIX: prefix });
    expect(load("faces")).toThrow("QUEUE_PREFIX: Expected");
    expect(load("{test-1}:a")).not.toThrow();
  });
});
