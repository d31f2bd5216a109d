import { execFile } from "node:child_process";
import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hashApiKey, readApiKeysFile } from "@facefleet/platform";
import { lockFile, openLock } from "@facefleet/stack";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { rootDir } from "../src/checkout.js";
import { loadCliConfig } from "../src/config.js";

const { env } = loadCliConfig();

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as its users run it, from dist. */
function facefleet(args: readonly string[], settings: Record<string, string> = {}): Promise<Run> {
  const main = join(rootDir, "apps", "cli", "dist", "main.js");
  return new Promise((resolve) => {
    const options = { env: { ...env, API_KEYS_FILE: "", ...settings } };
    execFile(process.execPath, [main, "keys", ...args], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });
}

const sha256 = (key: string) => hashApiKey(key.trim()).toString("hex");

describe("facefleet keys", () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "facefleet-keys-"));
    file = join(folder, "keys.json");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const keysOf = async (tenant: string) => (await readApiKeysFile(file)).tenants[tenant]?.keys;

  it("prints a key once, and keeps its hash in a file that only its owner reads", async () => {
    const { code, stdout, stderr } = await facefleet(["create", "acme"], { API_KEYS_FILE: file });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ff_[\w-]{43}\n$/);
    expect(stderr).not.toContain(stdout.trim());
    expect(await keysOf("acme")).toEqual([{ name: "production", sha256: sha256(stdout) }]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(["keys.json"]);
  });

  it("without a file prints the entry as well, and writes nothing", async () => {
    const { code, stdout, stderr } = await facefleet(["create", "acme", "--name", "ci"]);
    expect(code).toBe(0);
    const entry = JSON.parse(stderr.slice(stderr.indexOf("{"), stderr.lastIndexOf("}") + 1));
    expect(entry).toEqual({ tenants: { acme: { keys: [{ name: "ci", sha256: sha256(stdout) }] } } });
    expect(await readdir(folder)).toEqual([]);
  });

  it("adds to what is there, behind a link, with the mode that it has, and takes away by name", async () => {
    const umbrella = { keys: [], requestsPerMinute: 60 };
    await writeFile(file, JSON.stringify({ tenants: { umbrella } }));
    await chmod(file, 0o640);
    const link = join(folder, "link.json");
    await symlink("keys.json", link);
    const first = await facefleet(["create", "umbrella", "--file", link]);
    const second = await facefleet(["create", "umbrella", "--name", "next", "--file", link]);
    expect((await readApiKeysFile(file)).tenants).toEqual({
      umbrella: {
        ...umbrella,
        keys: [
          { name: "production", sha256: sha256(first.stdout) },
          { name: "next", sha256: sha256(second.stdout) },
        ],
      },
    });
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    expect((await facefleet(["revoke", "umbrella", "production", "--file", link])).code).toBe(0);
    expect(await keysOf("umbrella")).toEqual([{ name: "next", sha256: sha256(second.stdout) }]);
    expect((await readdir(folder)).sort()).toEqual(["keys.json", "link.json"]);
  });

  it("says what cannot be done, and changes nothing", async () => {
    await facefleet(["create", "acme", "--file", file]);
    const before = await readFile(file, "utf8");
    for (const [args, words] of [
      [["create", "acme", "--file", file], 'acme has a key "production" already'],
      [["create", "No Name", "--file", file], "/tenants/No Name is no name of a tenant"],
      [["create", "No Name"], "/tenants/No Name is no name of a tenant"],
      [["revoke", "acme", "other", "--file", file], 'the name of a key of acme but received "other"'],
      [["revoke", "nobody", "production", "--file", file], "the name of a key of nobody"],
      [["revoke", "acme", "production"], "Expected --file or API_KEYS_FILE"],
    ] as const) {
      const { code, stdout, stderr } = await facefleet(args);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toContain(words);
    }
    expect(await readFile(file, "utf8")).toBe(before);
    expect(await readdir(folder)).toEqual(["keys.json"]);
  });

  it("writes over no file with faults, and not while another command writes", async () => {
    await writeFile(file, "tenants:");
    expect((await facefleet(["create", "acme", "--file", file])).stderr).toContain("Expected JSON");
    expect(await readFile(file, "utf8")).toBe("tenants:");
    await rm(file);
    const other = await openLock(`${file}.new`);
    expect(await lockFile(other)).toBe(true);
    const { code, stderr } = await facefleet(["create", "acme", "--file", file]);
    expect(code).toBe(1);
    expect(stderr).toContain("Expected nobody else to change the keys");
    expect(await readdir(folder)).toEqual(["keys.json.new"]);
    await other.close();
  });

  it("is not stopped by what a killed command has left", async () => {
    await writeFile(`${file}.new`, '{"tenants": {"half');
    expect(await facefleet(["create", "acme", "--file", file])).toMatchObject({ code: 0 });
    expect(JSON.parse(await readFile(file, "utf8")).tenants).toHaveProperty("acme");
    expect(await readdir(folder)).toEqual(["keys.json"]);
  });

  it("loses none of many changes at once", async () => {
    const names = ["one", "two", "three", "four", "five"];
    const create = (name: string) => facefleet(["create", "acme", "--name", name, "--file", file]);
    const ends = await Promise.all(names.map(create));
    const made = names.filter((_, index) => ends[index]!.code === 0);
    const { keys } = JSON.parse(await readFile(file, "utf8")).tenants.acme;
    expect(keys.map(({ name }: { name: string }) => name).sort()).toEqual(made.sort());
  });
});
