import { describe, expect, it } from "vitest";
import { parseRedisUrl, redisUrlFault, shownRedis } from "./redis-url.js";

const plain = { tls: false, login: {} };

describe("parseRedisUrl", () => {
  it("reads the address of one Redis", () => {
    const node = { host: "127.0.0.1", port: 6379 };
    expect(parseRedisUrl("redis://127.0.0.1:6379")).toEqual({ mode: "single", ...plain, node, database: 0 });
    expect(parseRedisUrl("rediss://me:p%40ss%3Aword@[::1]:7000/2")).toEqual({
      mode: "single",
      tls: true,
      login: { username: "me", password: "p@ss:word" },
      node: { host: "::1", port: 7000 },
      database: 2,
    });
    expect(parseRedisUrl("redis://:hush@redis")).toMatchObject({
      login: { password: "hush" },
      node: { host: "redis", port: 6379 },
    });
  });

  it("reads the addresses of Sentinels, with logins to them and to Redis", () => {
    const url = "rediss+sentinel://me:a%2Fb@one,two:5000/main/3?sentinel_username=watcher&sentinel_password=x%26+y";
    expect(parseRedisUrl(url)).toEqual({
      mode: "sentinel",
      tls: true,
      login: { username: "me", password: "a/b" },
      sentinels: [
        { host: "one", port: 26_379 },
        { host: "two", port: 5000 },
      ],
      sentinelLogin: { username: "watcher", password: "x&+y" },
      primary: "main",
      database: 3,
    });
    expect(parseRedisUrl("redis+sentinel://one/main")).toMatchObject({ ...plain, sentinelLogin: {}, database: 0 });
  });

  it("reads the addresses of nodes of a Cluster", () => {
    const nodes = ["a", "b", "c"].map((host, index) => ({ host, port: [7001, 7002, 6379][index] }));
    expect(parseRedisUrl("redis+cluster://a:7001,b:7002,c")).toEqual({ mode: "cluster", ...plain, nodes });
    expect(parseRedisUrl("redis+cluster://a/0")).toMatchObject({ mode: "cluster" });
  });
});

describe("redisUrlFault", () => {
  it.each([
    ["http://hush", "Expected redis://, redis+sentinel:// or redis+cluster://"],
    ["redis://", "Expected redis://, redis+sentinel:// or redis+cluster://"],
    ["redis://me:hush/more@host", "Expected hosts as in redis-1:6379,redis-2"],
    ["redis://hush:70000", "Expected hosts as in redis-1:6379,redis-2"],
    ["redis://hush/two", "Expected the number of a database"],
    ["redis://me:%hush@host", "Expected user, password and names with special characters percent-encoded"],
    ["redis://hush,b", "Expected one host after redis://, or redis+sentinel:// or redis+cluster:// before several"],
    ["redis://host?password=hush", 'Expected nothing after "?"'],
    ["redis+sentinel://hush,b", "Expected the name of the primary after the Sentinels"],
    ["redis+sentinel://a/main?password=hush", "Expected only sentinel_username and sentinel_password"],
    ["redis+cluster://hush/1", "Expected no database but 0 in a Cluster"],
  ])("says of %s what was expected, and no part of it", (text, expected) => {
    const fault = redisUrlFault(text);
    expect(fault).toMatch(/^Expected .+ but received .+$/);
    expect(fault).toContain(expected);
    expect(fault).not.toContain("hush");
  });
});

describe("shownRedis", () => {
  it.each([
    ["redis://me:hush@redis/2", "redis:6379"],
    ["rediss://[::1]:7000", "[::1]:7000"],
    ["redis+cluster://:hush@a:1,b", "a:1, b:6379"],
    ["redis+sentinel://:hush@a,b/main?sentinel_password=hush", "main, by the Sentinels a:26379, b:26379"],
  ])("says where %s leads, and no password", (url, shown) => {
    expect(shownRedis(parseRedisUrl(url))).toBe(shown);
  });
});
