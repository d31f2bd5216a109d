import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { lockFile, openLock, waitForLock } from "../src/machine/file-lock.mjs";
import { findOnPath } from "../src/machine/find-on-path.mjs";

// biome-ignore lint/style/noProcessEnv: the programs that lock are found on the real PATH
const { PATH = "" } = process.env;
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "file-lock-"));
  path = join(folder, "made", "a.lock");
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

describe("a lock", () => {
  it("has one holder at a time, and is let go of with its file", async () => {
    const [first, second] = [await openLock(path), await openLock(path)];
    expect([await lockFile(first), await lockFile(second)]).toEqual([true, false]);
    await first.close();
    expect(await lockFile(second)).toBe(true);
    await second.close();
    expect((await stat(path)).mode & 0o077).toBe(0);
  });

  it("is waited for, and told of once", async () => {
    const first = await waitForLock(path, () => expect.unreachable());
    const told = vi.fn(() => void setTimeout(() => first.close(), 500));
    const second = await waitForLock(path, told);
    expect(told).toHaveBeenCalledOnce();
    await second.close();
  });

  it("is let go of when its holder is killed", async () => {
    const module = new URL("../src/machine/file-lock.mjs", import.meta.url);
    const script = `const { waitForLock } = await import("${module}"); await waitForLock("${path}"); console.log("held"); setInterval(() => {}, 1000)`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    const file = await openLock(path);
    expect(await lockFile(file)).toBe(false);
    holder.kill("SIGKILL");
    await once(holder, "exit");
    expect(await lockFile(file)).toBe(true);
    await file.close();
  });

  it("is kept by a program that was started with it", async () => {
    const file = await waitForLock(path, () => undefined);
    const program = spawn("sleep", ["60"], { stdio: ["ignore", "ignore", "ignore", file.fd] });
    await once(program, "spawn");
    await file.close();
    const other = await openLock(path);
    expect(await lockFile(other)).toBe(false);
    program.kill();
    await once(program, "exit");
    expect(await lockFile(other)).toBe(true);
    await other.close();
  });
});

describe("where there is no flock", () => {
  it("perl takes the lock", async () => {
    await symlink((await findOnPath("perl", PATH)) ?? "", join(folder, "perl"));
    const [first, second] = [await openLock(path), await openLock(path)];
    vi.stubEnv("PATH", folder);
    expect([await lockFile(first), await lockFile(second)]).toEqual([true, false]);
    vi.stubEnv("PATH", PATH);
    expect(await lockFile(second)).toBe(false);
    await first.close();
    expect(await lockFile(second)).toBe(true);
    await second.close();
  });

  it("nor perl, it says so", async () => {
    const file = await openLock(path);
    vi.stubEnv("PATH", folder);
    await expect(lockFile(file)).rejects.toThrow("Expected flock (of util-linux) or perl on the PATH");
    await file.close();
  });
});
