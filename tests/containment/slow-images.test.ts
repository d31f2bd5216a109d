import { randomUUID } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crowd } from "../support/drawn-images.js";
import { expectContained, expectHealed, isStrict, untilOver } from "./support/contained.js";
import { WalledFleet } from "./support/walled-fleet.js";

/** Jobs on their way at once: as many as a worker has slots. */
const atOnce = 32;

describe("a tenant whose images take long", () => {
  let fleet: WalledFleet;
  beforeAll(async () => {
    fleet = await WalledFleet.start();
    await mkdir(join(fleet.folder, "objects", "local"), { recursive: true });
  });
  afterAll(() => fleet?.stop());

  /** Has the same image analysed all the time, and gives up what is not done in the end. */
  async function attackWith(name: string, image: Buffer, job: object): Promise<void> {
    const key = `${randomUUID()}.jpg`;
    await writeFile(join(fleet.folder, "objects", "local", key), image);
    const body = { image: { s3: { bucket: "local", key } }, ...job };
    const ids: string[] = [];
    const attack = (signal: AbortSignal) =>
      untilOver(signal, atOnce, async () => {
        const submitted = await fleet.attacker.postJson("/v1/jobs", body);
        expect([202, 429, 503]).toContain(submitted.status);
        const { id } = (await submitted.json()) as { id: string };
        if (submitted.status === 202) ids.push(id);
        await fleet.attacker.status("GET", `/v1/jobs/${id}?wait=20`, { signal }).catch(() => undefined);
      });
    await expectContained(fleet, { name, attack });
    expect(ids.length).toBeGreaterThan(0);
    for (const id of ids) await fleet.attacker.status("DELETE", `/v1/jobs/${id}`);
    await expectHealed(fleet);
  }

  it.runIf(isStrict)("because there are 216 faces in each keeps nobody else from working", async () => {
    await attackWith("crowds of 216 faces", await crowd(18, 12), { task: "embed", priority: "high" });
  });

  it("because there are 12,100 faces in each keeps nobody else from working", async () => {
    const image = await crowd(110, 110, 30);
    await attackWith("crowds of 12,100 faces", image, { task: "embed", options: { maxFaces: 1000, crops: true } });
  });

  it("and who waits for each of them keeps nobody else from working", async () => {
    const image = await crowd(18, 12);
    const attack = (signal: AbortSignal) =>
      untilOver(signal, atOnce, async () => {
        const answer = await fleet.attacker.postImage("/detect-face", image);
        expect([200, 429, 503, 504]).toContain(answer.status);
        await answer.arrayBuffer();
      });
    await expectContained(fleet, { name: "32 requests at once that wait for crowds", attack });
    await expectHealed(fleet);
  });

  it("because they are photos of 48 megapixels keeps nobody else from working", async () => {
    const image = await sharp(await crowd(8, 6))
      .resize(8000, 6000)
      .jpeg({ quality: 80 })
      .toBuffer();
    await attackWith("photos of 48 megapixels", image, { task: "embed", priority: "low" });
  });

  const blank = sharp({ create: { width: 8160, height: 6120, channels: 3, background: "#6a7a5a" } });
  it.runIf(isStrict).each<[string, Sharp]>([
    ["PNGs", blank.clone().toColourspace("rgb16").png({ progressive: true })],
    ["AVIFs", blank.clone().avif({ effort: 0, bitdepth: 10, chromaSubsampling: "4:4:4" })],
  ])("because they are %s of 50 megapixels in a few kilobytes keeps nobody else from working", async (name, drawn) => {
    await attackWith(`${name} of 50 megapixels`, await drawn.toBuffer(), { task: "detect" });
  });
});
