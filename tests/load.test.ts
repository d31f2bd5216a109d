import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { freePort } from "@facefleet/stack";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Fleet } from "./support/fleet.js";
import { portrait, repository } from "./support/test-data.js";

describe("facefleet load", () => {
  let fleet: Fleet;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "facefleet-load-"));
    const port = await freePort();
    fleet = await Fleet.start({ WORKER_PORT: String(port) });
    const targets = [{ targets: [new URL(fleet.url).host, `127.0.0.1:${port}`], labels: { job: "facefleet" } }];
    await writeFile(join(folder, "targets.json"), JSON.stringify(targets));
  });

  afterAll(async () => {
    await fleet?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function load(...flags: string[]): Promise<{ code: number; output: string }> {
    const main = join(repository, "apps", "cli", "dist", "main.js");
    const where = ["--url", fleet.url, "--targets", join(folder, "targets.json")];
    const child = spawn(process.execPath, [main, "load", ...where, ...flags], { stdio: ["ignore", "pipe", "inherit"] });
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, "close")]);
    return { code, output };
  }

  /** What the last column says, by the first. */
  const agreements = (output: string) =>
    Object.fromEntries([...output.matchAll(/^(\S.*?) {2,}.*(yes|NO)$/gm)].map(([, what, agree]) => [what, agree]));

  it("finds that metrics and fleet agree with what it sent, while a queue builds up and goes", async () => {
    const { code, output } = await load("--seconds", "8", "--rate", "30");
    expect(Object.values(agreements(output)), output).toEqual(Array(8).fill("yes"));
    expect(Number(/^(\d+) jobs ended, 0 /.exec(output)?.[1])).toBeGreaterThan(100);
    expect(code).toBe(0);
  });

  it("finds what somebody else has sent meanwhile", async () => {
    const image = await portrait();
    const loading = load("--seconds", "3", "--rate", "2");
    await expect.poll(() => submitted(fleet), { interval: 50 }).toBeGreaterThan(0);
    await fleet.finished(fleet.postImage("/v1/jobs", image, { task: "detect", priority: "low" }));
    const { code, output } = await loading;
    expect(agreements(output), output).toMatchObject({
      facefleet_jobs_submitted_total: "NO",
      'facefleet_jobs_total{state="succeeded"}': "NO",
      'facefleet_jobs_total{state="failed"}': "yes",
    });
    expect(code).toBe(1);
  });
});

/** Jobs that are in the fleet's hands. */
async function submitted(fleet: Fleet): Promise<number> {
  const { active } = (await (await fleet.get("/v1/fleet")).json()) as { active: number };
  return active;
}
