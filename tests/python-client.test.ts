import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noPython, providePython } from "../scripts/generate/python-environment.mjs";
import { Fleet } from "./support/fleet.js";
import { repository, skipped } from "./support/test-data.js";

/* The Python client as others get it: built and installed by pip, outside the repository, beside a whole fleet. */

const run = promisify(execFile);
const client = join(repository, "clients", "python");
/** Where programs and the cache folder are. */
const { env } = process;

describe.skipIf(skipped("the Python client", noPython()))("the Python client", { timeout: 600_000 }, () => {
  let python: string;
  let folder: string;

  beforeAll(async () => {
    python = await providePython(client, env);
    folder = await mkdtemp(join(tmpdir(), "python-client-"));
    const apart = ["--no-deps", "--no-build-isolation", "--target", join(folder, "site")];
    await run(python, ["-m", "pip", "install", "--quiet", ...apart, client]);
  }, 600_000);
  afterAll(() => rm(folder, { recursive: true }));

  /** Its tools leave nothing in the repository. */
  const inPython = (args: readonly string[], settings: Record<string, string> = {}) =>
    run(python, args, {
      cwd: client,
      env: { ...env, PYTHONPATH: join(folder, "site"), PYTHONDONTWRITEBYTECODE: "1", ...settings },
      maxBuffer: 1 << 26,
    }).catch((error: { stdout: string; stderr: string }) => {
      throw new Error(`${error.stdout}${error.stderr}`);
    });

  it("does all that it says, installed, with a running fleet", async () => {
    const photos = join(folder, "objects", "photos", "set");
    await mkdir(photos, { recursive: true });
    const portrait = join(repository, "tests", "assets", "portrait.png");
    for (const name of ["a.png", "b.png"]) await copyFile(portrait, join(photos, name));
    await writeFile(join(photos, "c.txt"), "not an image");
    const fleet = await Fleet.start({ STORE_DIR: join(folder, "objects") });
    try {
      const service = { FACEFLEET_URL: fleet.url, FACEFLEET_PREFIX: "s3://photos/set/" };
      const { stdout } = await inPython(["-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], service);
      expect(stdout).toMatch(/^\d+ passed/m);
    } finally {
      await fleet.stop();
    }
  });

  it("is typed through and through, and in order", async () => {
    await inPython(["-m", "mypy", "--cache-dir", join(folder, "mypy")]);
    await inPython(["-m", "ruff", "check", "--no-cache"]);
    await inPython(["-m", "ruff", "format", "--check", "--no-cache"]);
  });

  it("is as it would be generated", async () => {
    await inPython(["generate.py", "--check"]);
  });
});
