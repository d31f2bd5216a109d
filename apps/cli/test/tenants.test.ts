import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, createObjectStore, FaceJobs, FleetRedis, itemEnds } from "@facefleet/platform";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { payload } from "../../../packages/platform/test/queue/queue-bench.js";
import { rootDir } from "../src/checkout.js";
import { loadCliConfig } from "../src/config.js";

const { env } = loadCliConfig();

describe("facefleet tenants", () => {
  let folder: string;
  let settings: { REDIS_URL: string; QUEUE_PREFIX: string; STORE_DIR: string };
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "facefleet-tenants-"));
    const QUEUE_PREFIX = `{test-${randomBytes(6).toString("hex")}}`;
    settings = { REDIS_URL: env.REDIS_URL!, QUEUE_PREFIX, STORE_DIR: join(folder, "objects") };
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** The command line as its users run it, from dist. */
  function facefleet(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const main = join(rootDir, "apps", "cli", "dist", "main.js");
    return new Promise((resolve) => {
      const options = { env: { ...env, API_KEYS_FILE: join(folder, "keys.json"), ...settings } };
      execFile(process.execPath, [main, ...args], options, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });
  }

  it("lists what they have, and erases what one has", async () => {
    const logger = createLogger({ name: "test", level: "silent", format: "json" });
    const redis = new FleetRedis(settings, { logger });
    const jobs = new FaceJobs(redis, {
      items: itemEnds,
      logger,
      store: createObjectStore({ ...settings, S3_REGION: "us-east-1", S3_FORCE_PATH_STYLE: false }),
    });
    for (const tenant of ["acme", "acme", "umbrella"])
      await jobs.submit({ ...payload, tenant }, { priority: "normal" });
    await redis.close();

    const { stdout } = await facefleet("tenants", "list");
    expect(stdout.split("\n").map((row) => row.split(/ {2,}/).slice(0, 3))).toEqual([
      ["tenant", "jobs", "batches"],
      ["acme", "2", "0"],
      ["umbrella", "1", "0"],
      [""],
    ]);
    expect(await facefleet("tenants", "erase", "acme")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("--yes"),
    });
    expect(await facefleet("tenants", "erase", "acme", "--yes")).toMatchObject({
      code: 0,
      stdout: "2 jobs, 0 batches and 0 uploads of acme canceled or erased\nacme has nothing more\n",
    });
    const lines = (await facefleet("tenants", "list", "--json")).stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { tenant: "umbrella", jobs: 1 },
      { tenant: "acme", jobs: 0, storedBytes: 0 },
    ]);
  });

  it("suspends one, and lets it ask again", async () => {
    const keys = async () => JSON.parse(await readFile(join(folder, "keys.json"), "utf8")).tenants.acme;
    await facefleet("keys", "create", "acme");
    const before = await keys();
    expect((await facefleet("tenants", "suspend", "acme")).code).toBe(0);
    expect(await keys()).toEqual({ suspended: true, ...before });
    expect((await facefleet("tenants", "resume", "acme")).code).toBe(0);
    expect(await keys()).toEqual(before);
    const unknown = await facefleet("tenants", "suspend", "nobody");
    expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('received "nobody"')]);
  });
});
