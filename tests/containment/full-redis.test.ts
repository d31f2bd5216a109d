import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Batch } from "@facefleet/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { crowd } from "../support/drawn-images.js";
import { expectContained, expectHealed, untilOver } from "./support/contained.js";
import { WalledFleet } from "./support/walled-fleet.js";

const maxMegabytes = 32;
const metadata = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`name-${i}`, "\u0001".repeat(500)]));
const absent = { s3: { bucket: "local", key: "absent.jpg" } };

describe("a tenant that fills Redis", () => {
  let fleet: WalledFleet;
  beforeEach(async () => {
    fleet = await WalledFleet.start({ redis: { maxmemory: `${maxMegabytes}mb` } });
  });
  afterEach(() => fleet?.stop());

  async function putImage(name: string, image: Buffer): Promise<void> {
    await mkdir(join(fleet.folder, "objects", "local"), { recursive: true });
    await writeFile(join(fleet.folder, "objects", "local", name), image);
  }

  async function usedMegabytes(): Promise<number> {
    return Number(/used_memory:(\d+)/.exec(await fleet.redis.command("info", "memory"))?.[1]) / 2 ** 20;
  }

  /** With jobs that fail, each with as much of its own words as a job may have. */
  it("with metadata keeps nobody else from working", async () => {
    let refused = 0;
    const job = { task: "detect", image: absent, metadata, resultTtlSeconds: 604_800 };
    const attack = (signal: AbortSignal) =>
      untilOver(signal, 8, async (round) => {
        const headers = { "content-type": "application/json", "idempotency-key": `k${round}` };
        const status = await fleet.attacker.status("POST", "/v1/jobs", { headers, body: JSON.stringify(job) });
        expect([202, 429, 503]).toContain(status);
        if (status !== 202) refused += 1;
      });
    await expectContained(fleet, { name: "failing jobs with 50 KB of metadata", attack });
    expect(refused).toBeGreaterThan(0);
    expect(await usedMegabytes()).toBeLessThan(maxMegabytes);
    await expectHealed(fleet);
  });

  it("with a batch of large results keeps nobody else from working, and its batch ends", async () => {
    // Each result is some 300 KB.
    await putImage("crowd.jpg", await crowd(6, 4));
    const items = Array.from({ length: 512 }, () => ({ s3: { bucket: "local", key: "crowd.jpg" } }));
    const batch = { task: "embed", items, options: { crops: true, minFaceSize: 60 }, priority: "high" };
    let self = "";
    const attack = async () => {
      const submitted = await fleet.attacker.postJson("/v1/batches", batch);
      expect(submitted.status).toBe(202);
      ({ self } = ((await submitted.json()) as Batch).links);
    };
    await expectContained(fleet, { name: "a batch of 512 results of 300 KB", attack });
    expect(await usedMegabytes()).toBeLessThan(maxMegabytes * 0.8);
    // It goes on, and is done with when its owner has had enough.
    const { counts } = (await (await fleet.attacker.send("GET", self)).json()) as Batch;
    expect(counts.succeeded).toBeGreaterThan(0);
    expect(counts.failed).toBe(0);
    expect(await fleet.attacker.status("DELETE", self)).toBe(204);
    await expectHealed(fleet);
  });

  it("with batches that wait keeps nobody else from working", async () => {
    const url = (i: number) => `https://photos.test/${i}/${"x".repeat(1900)}`;
    const items = Array.from({ length: 1000 }, (_, i) => ({ url: url(i) }));
    const body = JSON.stringify({ task: "detect", items });
    const attack = (signal: AbortSignal) =>
      untilOver(signal, 2, async () => {
        const headers = { "content-type": "application/json" };
        expect([202, 429, 503]).toContain(await fleet.attacker.status("POST", "/v1/batches", { headers, body }));
      });
    await expectContained(fleet, { name: "batches of 1000 long URLs", attack });
    expect(await usedMegabytes()).toBeLessThan(maxMegabytes);
    await expectHealed(fleet);
  });
});
