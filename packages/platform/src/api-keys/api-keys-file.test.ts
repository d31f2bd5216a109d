import { describe, expect, it } from "vitest";
import { ConfigError } from "../config/index.js";
import { hashApiKey, newApiKey } from "./api-key.js";
import { parseApiKeysFile } from "./api-keys-file.js";

const sha256 = "0123456789abcdef".repeat(4);
const file = (tenants: unknown) => JSON.stringify({ tenants });
const faultsOf = (text: string): string[] => {
  try {
    parseApiKeysFile(text, "keys.json");
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
};

describe("an API key", () => {
  it("is 256 random bits that a header can hold", () => {
    // So many of 16 random bits would not all differ, once in 10^25 times.
    const keys = Array.from({ length: 3000 }, () => newApiKey());
    for (const key of keys) expect(key).toMatch(/^ff_[\w-]{43}$/);
    expect(new Set(keys).size).toBe(keys.length);
    const bytes = keys.map((key) => Buffer.from(key.slice(3), "base64url"));
    const ones = (bit: number) => bytes.filter((key) => (key[bit >> 3]! >> (bit & 7)) & 1).length;
    for (let bit = 0; bit < 256; bit++) expect(Math.abs(ones(bit) / keys.length - 0.5)).toBeLessThan(0.1);
  });

  it("is hashed as `sha256sum` does", () => {
    expect(hashApiKey("abc").toString("hex")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});

describe("the file of API keys", () => {
  it("is taken with all that it may say, and with nobody in it", () => {
    const acme = {
      keys: [{ name: "production", sha256, expiresAt: "2030-01-01T00:00:00+01:00" }],
      requestsPerMinute: 600,
      maxQueuedJobs: 1000,
      allowedBuckets: ["photos"],
    };
    expect(parseApiKeysFile(file({ acme, other: { keys: [] } }), "keys.json").tenants.acme).toEqual(acme);
    expect(parseApiKeysFile(file({}), "keys.json")).toEqual({ tenants: {} });
  });

  it("has every fault listed with its place", () => {
    const keys = [{ name: "", sha256: "short", expiresAt: "tomorrow" }];
    const allowedBuckets = ["A", "B", "C", "D", "E"];
    const faults = faultsOf(file({ acme: { keys, requestsPerMinute: 0, rate: 5, allowedBuckets }, Acme: {} }));
    expect(faults.slice(0, 6)).toEqual([
      expect.stringMatching(/^keys\.json: \/tenants\/Acme is no name of a tenant/),
      "keys.json: /tenants/acme/rate is unknown",
      "keys.json: /tenants/acme/keys/0/name must not have fewer than 1 characters",
      expect.stringMatching(/^keys\.json: \/tenants\/acme\/keys\/0\/sha256 must match pattern/),
      'keys.json: /tenants/acme/keys/0/expiresAt must match format "date-time"',
      "keys.json: /tenants/acme/requestsPerMinute must be >= 1",
    ]);
    for (const index of allowedBuckets.keys()) {
      expect(faults.join("\n")).toContain(`/tenants/acme/allowedBuckets/${index} must`);
    }
  });

  it.each([
    ["no JSON", "{", "keys.json: Expected JSON but received something else"],
    ["nothing", "", "keys.json: Expected JSON but received something else"],
    ["a list", "[]", "keys.json: the whole must be object"],
    ["no tenants", "{}", "keys.json: the whole must have required properties tenants"],
  ])("is refused when it is %s", (_what, text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  it("gives each key one owner, however its hash is written", () => {
    const a = { keys: [{ name: "a", sha256 }] };
    const b = {
      keys: [
        { name: "b", sha256: "f".repeat(64) },
        { name: "c", sha256: sha256.toUpperCase() },
      ],
    };
    expect(faultsOf(file({ a, b }))).toEqual([
      "keys.json: /tenants/b/keys/1/sha256 is the same as /tenants/a/keys/0/sha256",
    ]);
  });

  it("takes no expiry that never comes", () => {
    const keys = [{ name: "a", sha256, expiresAt: "2016-12-31T23:59:60Z" }];
    expect(faultsOf(file({ acme: { keys } }))).toEqual([
      "keys.json: /tenants/acme/keys/0/expiresAt must be a time that exists",
    ]);
  });

  it.each([
    ["instead of its hash", (key: string) => file({ acme: { keys: [{ name: "a", sha256: key }] } })],
    ["as a name", (key: string) => file({ acme: { keys: [{ [key]: "a" }] }, [key]: {} })],
    ["instead of the list", (key: string) => file({ acme: { keys: key } })],
    ["in broken JSON", (key: string) => `{"tenants": ${key}`],
  ])("shows no key that was written %s", (_where, text) => {
    const key = newApiKey();
    const faults = faultsOf(text(key));
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.join("\n")).not.toContain(key.slice(3, 20));
  });
});
