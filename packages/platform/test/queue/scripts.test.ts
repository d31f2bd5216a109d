import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { as, definedScripts, part, script } from "../../src/queue/redis/script.js";
import "../../src/queue/index.js";
import { QueueBench } from "./queue-bench.js";

type Scripts = ReturnType<typeof definedScripts>;
const scripts: Scripts = [...definedScripts()];

/** Keys of its own for each name of a script. */
function someKeys({ keys }: Scripts[number], prefix: string): Record<string, unknown> {
  return mapped(keys, (spec, name) => {
    if (spec === "key") return `${prefix}:${name}`;
    if (spec === "keys") return [`${prefix}:${name}:0`, `${prefix}:${name}:1`];
    return mapped(spec, (_, one) => `${prefix}:${name}:${one}`);
  });
}

function someArguments({ args }: Scripts[number]): Record<string, unknown> {
  return mapped(args, (spec, name) => {
    if (typeof spec === "string") return someValue(spec);
    const [of] = spec;
    // Whoever takes one of these apart expects two.
    const value = (scalar: string) => (name === "held" ? "upload/holder" : someValue(scalar));
    const row = () => (typeof of === "string" ? value(of) : mapped(of, value));
    return [row(), row()];
  });
}

function someValue(spec: string): string | number | boolean {
  if (spec === "flag") return true;
  return spec.startsWith("number") ? 1 : "1";
}

function mapped<T>(of: Readonly<Record<string, T>>, to: (value: T, name: string) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(of).map(([name, value]) => [name, to(value, name)]));
}

function titleOf({ keys, args }: Scripts[number]): string {
  return `${Object.keys(keys)} (${Object.keys(args)})`;
}

/** What luacheck says of a script; it need not use all functions of its parts. */
function complaintsOf({ lua }: Scripts[number]): string[] {
  const rules = [
    "--std",
    "lua51",
    "--read-globals",
    "redis",
    "cjson",
    "KEYS",
    "ARGV",
    "--no-max-line-length",
    "--no-redefined",
  ];
  const { stdout } = spawnSync("luacheck", [...rules, "--formatter", "plain", "-"], { input: lua, encoding: "utf8" });
  return stdout.split("\n").filter((line) => line !== "" && !line.includes("unused function"));
}

const luacheck = spawnSync("luacheck", ["--version"]).status === 0;
if (!luacheck) process.stderr.write("SKIPPED: scripts are NOT LINTED: there is no luacheck (Debian's lua-check)\n");

describe("scripts", () => {
  it("are there", () => expect(scripts.length).toBeGreaterThan(30));

  it.each(scripts.map((one) => [titleOf(one), one] as const))("run on the real Redis: %s", async (_, one) => {
    const bench = new QueueBench();
    const prefix = `${bench.settings.QUEUE_PREFIX}:script`;
    // A second time on what the first has left.
    await one.run(bench.redis, someKeys(one, prefix) as never, someArguments(one) as never);
    await one.run(bench.redis, someKeys(one, prefix) as never, someArguments(one) as never);
    await bench.redis.del(...(await bench.redis.keys(`${prefix}*`)), `${prefix}:none`);
  });

  it.skipIf(!luacheck)("name what they are given, use all of it, and nothing else", () => {
    expect(scripts.flatMap((one) => complaintsOf(one).map((said) => `${titleOf(one)}: ${said}`))).toEqual([]);
  });

  it("take no key and no argument by its place", () => {
    for (const { lua, prologue } of scripts) expect(lua.slice(prologue.length)).not.toMatch(/\b(KEYS|ARGV)\b/);
  });
});

describe("a script", () => {
  const echo = script(
    {
      keys: { one: "key", pair: { left: "key", right: "key" }, more: "keys" },
      args: {
        word: "text",
        count: "number",
        missing: "number?",
        isSo: "flag",
        words: ["text"],
        rows: [{ name: "text", size: "number" }],
      },
      answer: as<string>(),
    },
    "return cjson.encode({one, pair, more, word, count + 1, missing == nil, isSo, words, rows})",
  );
  const keys = (prefix: string) => ({
    one: `${prefix}:a`,
    pair: { right: `${prefix}:c`, left: `${prefix}:b` },
    more: [`${prefix}:d`, `${prefix}:e`],
  });
  const args = {
    rows: [
      { size: 1, name: "x" },
      { name: "y", size: 2 },
    ],
    words: ["p", "q", "r"],
    isSo: true,
    missing: undefined,
    count: 1,
    word: "w",
  };

  it("finds keys and arguments by name, in whichever order they are given", async () => {
    const { redis, settings } = new QueueBench();
    const { QUEUE_PREFIX: prefix } = settings;
    expect(JSON.parse(await echo.run(redis, keys(prefix), args))).toEqual([
      `${prefix}:a`,
      { left: `${prefix}:b`, right: `${prefix}:c` },
      [`${prefix}:d`, `${prefix}:e`],
      ...["w", 2, true, true, ["p", "q", "r"]],
      [
        { name: "x", size: 1 },
        { name: "y", size: 2 },
      ],
    ]);
  });

  it("does not compile with one of them missing, or another's", () => {
    const { word, ...rest } = args;
    const { pair, ...without } = keys("");
    const calls = [
      // @ts-expect-error: no word
      (redis: Redis) => echo.run(redis, keys(""), rest),
      // @ts-expect-error: no pair
      (redis: Redis) => echo.run(redis, without, args),
      // @ts-expect-error: half a pair
      (redis: Redis) => echo.run(redis, { ...without, pair: { left: "" } }, args),
      // @ts-expect-error: a number for a text
      (redis: Redis) => echo.run(redis, keys(""), { ...rest, word: 1 }),
      // @ts-expect-error: rows of words
      (redis: Redis) => echo.run(redis, keys(""), { ...args, rows: ["x"] }),
    ];
    expect(calls).toHaveLength(5);
  });

  it("has what its parts need, each name once", () => {
    const first = part({ keys: { shared: "key" }, args: { a: "text" } }, "local function f() return shared .. a end");
    const second = part({ keys: { shared: "key" }, uses: [first] }, "local function g() return f() .. shared end");
    const { keys, args, lua } = script({ args: { b: "text" }, uses: [first, second] }, "return f() .. g() .. b");
    expect({ keys, args }).toEqual({ keys: { shared: "key" }, args: { a: "text", b: "text" } });
    expect(lua.split("function f()")).toHaveLength(2);
    expect(() => script({ args: { a: "number" }, uses: [first] }, "return a")).toThrow("one meaning of a");
  });
});

describe("a script that Redis does not have yet", () => {
  it("runs in the order in which it was asked for, also where another process brings it meanwhile", async () => {
    const { redis } = new QueueBench();
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const list = `order:${randomUUID()}`;
    const append = script(
      { keys: { list: "key" }, args: { n: "number" } },
      `return redis.call("RPUSH", list, n) -- ${list}`,
    );
    const first = numbers.slice(0, 10).map((n) => append.run(redis, { list }, { n }));
    const brought = redis.script("LOAD", append.lua);
    const later = numbers.slice(10).map((n) => append.run(redis, { list }, { n }));
    await Promise.all([...first, brought, ...later]);
    expect(await redis.lrange(list, 0, -1)).toEqual(numbers.map(String));
    await redis.del(list);
  });
});
