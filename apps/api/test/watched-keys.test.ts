import { mkdir, rename, symlink, truncate, unlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError, createLogger } from "@facefleet/platform";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../tests/support/eventually.js";
import { WatchedKeys } from "../src/tenancy/watched-keys.js";
import { KeyHolder, KeysFile, keysOf } from "./keys-file.js";

const acme = new KeyHolder("acme");
const umbrella = new KeyHolder("umbrella");
/** A look each second, and time to spare for a loaded machine. */
const soonMs = 4000;

describe("watched keys", () => {
  let file: KeysFile;
  let lines: string[];
  beforeEach(async () => {
    file = await KeysFile.create();
    await file.replace(keysOf(acme));
    lines = [];
  });
  afterEach(() => file.remove());

  async function open(at = file.path): Promise<WatchedKeys> {
    const destination = { write: (line: string) => void lines.push(line) };
    const logger = createLogger({ name: "test", level: "info", format: "json", destination });
    const keys = await WatchedKeys.open(at, { logger });
    onTestFinished(() => keys.close());
    return keys;
  }

  const owner = (keys: WatchedKeys, { key }: KeyHolder) => keys.ring.ownerOf(key)?.id;
  const becomes = (keys: WatchedKeys, holder: KeyHolder, tenant: string | undefined) =>
    eventually(() => owner(keys, holder) === tenant, soonMs);

  it("count once they are added, and no longer once they are revoked", async () => {
    const keys = await open();
    expect([owner(keys, acme), owner(keys, umbrella)]).toEqual(["acme", undefined]);
    await file.replace(keysOf(acme, umbrella));
    await becomes(keys, umbrella, "umbrella");
    expect(owner(keys, acme)).toBe("acme");
    await file.replace(keysOf(umbrella));
    await becomes(keys, acme, undefined);
    expect(lines.filter((line) => line.includes("API keys read again"))).toHaveLength(2);
    expect(lines.join("")).not.toContain(acme.key.slice(3, 12));
  });

  it("are read again from a file that was written over in its place", async () => {
    const keys = await open();
    await writeFile(file.path, keysOf(umbrella));
    await becomes(keys, umbrella, "umbrella");
    expect(owner(keys, acme)).toBeUndefined();
  });

  it("are read again when a link on the way leads elsewhere, as Kubernetes does with a secret", async () => {
    const place = (name: string) => path.join(file.folder, name);
    for (const [version, text] of Object.entries({ "..1": keysOf(acme), "..2": keysOf(umbrella) })) {
      await mkdir(place(version));
      await writeFile(path.join(place(version), "keys.json"), text);
    }
    await symlink("..1", place("..data"));
    await symlink(path.join("..data", "keys.json"), place("linked.json"));
    const keys = await open(place("linked.json"));
    expect(owner(keys, acme)).toBe("acme");
    await symlink("..2", place("..data_tmp"));
    await rename(place("..data_tmp"), place("..data"));
    await becomes(keys, umbrella, "umbrella");
    expect(owner(keys, acme)).toBeUndefined();
  });

  it("stay as they were while the file has faults or is gone, each of which is logged once", async () => {
    const keys = await open();
    const complaints = () => lines.filter((line) => line.includes("cannot be used"));
    await file.replace(JSON.stringify({ tenants: { acme: { keys: [{ name: "a", sha256: umbrella.key }] } } }));
    await eventually(() => complaints().length === 1, soonMs);
    expect(complaints()[0]).toContain("/tenants/acme/keys/0/sha256 must match");
    expect(complaints()[0]).not.toContain(umbrella.key.slice(3, 12));
    await sleep(1500);
    expect(complaints()).toHaveLength(1);
    await truncate(file.path);
    await eventually(() => complaints().length === 2, soonMs);
    await unlink(file.path);
    await eventually(() => complaints().length === 3, soonMs);
    expect(complaints()[2]).toContain("ENOENT");
    expect(owner(keys, acme)).toBe("acme");
    await file.replace(keysOf(umbrella));
    await becomes(keys, umbrella, "umbrella");
    expect(owner(keys, acme)).toBeUndefined();
  });

  it("are not looked at any more once they are closed", async () => {
    const keys = await open();
    keys.close();
    await file.replace(keysOf(umbrella));
    await sleep(1500);
    expect(owner(keys, acme)).toBe("acme");
    expect(lines).toEqual([]);
  });

  it.each([
    ["is not there", async () => unlink(file.path), /API_KEYS_FILE: .*ENOENT/],
    ["is no JSON", async () => file.replace("tenants:"), /Expected JSON/],
    ["has faults", async () => file.replace('{"tenants":{"acme":{}}}'), /\/tenants\/acme must have .*keys/],
  ])("are refused at the start when the file %s", async (_what, spoil, fault) => {
    await spoil();
    const opened = open();
    await expect(opened).rejects.toThrow(ConfigError);
    await expect(opened).rejects.toThrow(fault);
  });
});
