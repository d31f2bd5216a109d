import { hashApiKey, newApiKey } from "@facefleet/platform";
import { describe, expect, it, vi } from "vitest";
import { KeyRing, keyIdOf } from "./key-ring.js";

const compared = vi.hoisted(() => ({ times: 0 }));
vi.mock("node:crypto", async (importOriginal) => {
  const crypto = await importOriginal<typeof import("node:crypto")>();
  const timingSafeEqual: typeof crypto.timingSafeEqual = (a, b) => {
    compared.times += 1;
    return crypto.timingSafeEqual(a, b);
  };
  return { ...crypto, timingSafeEqual };
});

const hashed = (key: string) => hashApiKey(key).toString("hex");
const [first, second, third] = [newApiKey(), newApiKey(), newApiKey()];
const inAnHour = new Date(Date.now() + 3_600_000).toISOString();

const ring = new KeyRing({
  tenants: {
    acme: {
      keys: [
        { name: "a", sha256: hashed(first).toUpperCase() },
        { name: "old", sha256: hashed(second), expiresAt: "2020-01-01T00:00:00Z" },
      ],
      requestsPerMinute: 5,
      allowedBuckets: ["photos"],
    },
    umbrella: { keys: [{ name: "b", sha256: hashed(third), expiresAt: inAnHour }] },
  },
});

describe("a key ring", () => {
  it("knows whose a key is, and what its owner may do", () => {
    expect(ring.size).toBe(3);
    expect(ring.ownerOf(first)).toEqual({
      id: "acme",
      isSuspended: false,
      requestsPerMinute: 5,
      quotas: {},
      allowedBuckets: new Set(["photos"]),
    });
    expect(ring.ownerOf(third)?.id).toBe("umbrella");
  });

  it.each([
    ["an unknown key", newApiKey()],
    ["an expired one", second],
    ["no text", ""],
    ["the hash in a key's place", hashed(first)],
    ["a part of a key", first.slice(0, -1)],
  ])("does not take %s", (_what, key) => {
    expect(ring.ownerOf(key)).toBeUndefined();
  });

  it("knows whose a key is also of a tenant that is suspended, and lets nothing that it began go on", () => {
    const suspended = new KeyRing({
      tenants: { acme: { suspended: true, keys: [{ name: "a", sha256: hashed(first) }] } },
    });
    const acme = suspended.ownerOf(first)!;
    expect(acme).toMatchObject({ id: "acme", isSuspended: true });
    expect(suspended.holds(keyIdOf(first, acme))).toBe(false);
  });

  it("knows by their ids which keys are still valid, and still the same tenant's", () => {
    const [acme, umbrella] = [ring.ownerOf(first)!, ring.ownerOf(third)!];
    expect([keyIdOf(first, acme), keyIdOf(third, umbrella)].map((id) => ring.holds(id))).toEqual([true, true]);
    const gone = [keyIdOf(second, acme), keyIdOf(newApiKey(), acme), keyIdOf(first, umbrella), hashed(first), ""];
    expect(gone.map((id) => ring.holds(id))).toEqual([false, false, false, false, false]);
    expect(keyIdOf(first, acme)).not.toContain(hashed(first).slice(0, 8));
  });

  it("refuses a key from the moment on at which it expires", () => {
    vi.useFakeTimers({ now: Date.parse(inAnHour) - 1 });
    expect(ring.ownerOf(third)?.id).toBe("umbrella");
    vi.setSystemTime(Date.parse(inAnHour));
    expect(ring.ownerOf(third)).toBeUndefined();
    vi.useRealTimers();
  });

  it.each([
    ["the first", first],
    ["the last", third],
    ["an expired", second],
    ["no", newApiKey()],
  ])("compares with every key when it is %s one", (_which, key) => {
    compared.times = 0;
    ring.ownerOf(key);
    expect(compared.times).toBe(3);
  });
});
