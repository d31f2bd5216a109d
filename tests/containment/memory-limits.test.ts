import { randomBytes } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crowd } from "../support/drawn-images.js";
import { MemoryGroup } from "../support/memory-group.js";
import { ServiceProcess } from "../support/service-process.js";
import { skipped } from "../support/test-data.js";
import { expectHealed, isStrict } from "./support/contained.js";
import { WalledFleet } from "./support/walled-fleet.js";

/** As many as a worker has slots take minutes. */
const count = isStrict ? 32 : 4;

/** The limits of infra/kubernetes. */
const limits = { api: 512 * 2 ** 20, worker: 3 * 2 ** 30 };
const workerSettings = { INFERENCE_PROCESSES: "2", ENGINE_THREADS: "1" };

const groups = { api: await MemoryGroup.create(limits.api), worker: await MemoryGroup.create(limits.worker) };
if (!groups.api || !groups.worker) for (const group of Object.values(groups)) await group?.remove();
const notHere =
  groups.api && groups.worker ? undefined : "this user may not limit the memory of processes (control groups)";

describe.skipIf(skipped("a fleet within the memory of the manifests", notHere))(
  "within the memory of the manifests",
  () => {
    let fleet: WalledFleet;
    beforeAll(async () => {
      fleet = await WalledFleet.start({
        worker: workerSettings,
        start: (app, env) => new ServiceProcess(app, env, { group: groups[app]! }),
      });
      await mkdir(join(fleet.folder, "objects", "local"), { recursive: true });
    });
    afterAll(async () => {
      await fleet?.stop();
      for (const group of Object.values(groups)) await group?.remove();
    });

    const blank = sharp({
      create: { width: 8160, height: 6120, channels: 4, background: { r: 90, g: 120, b: 80, alpha: 0.5 } },
    });
    const noise = (side: number) =>
      sharp(randomBytes(side * side * 3), { raw: { width: side, height: side, channels: 3 } }).png({
        compressionLevel: 0,
      });
    const turned = { orientation: 6 };
    it.each<[string, () => Sharp | Promise<Buffer>]>([
      [
        "interlaced PNGs of 16 bits and 50 megapixels",
        () => blank.clone().toColourspace("rgb16").withMetadata(turned).png({ progressive: true }),
      ],
      [
        "AVIFs of 10 bits and 50 megapixels",
        () => blank.clone().removeAlpha().avif({ effort: 0, bitdepth: 10, chromaSubsampling: "4:4:4" }),
      ],
      ["files of 20 MB", () => noise(2580)],
      ["crowds with crops", () => crowd(18, 12)],
    ])(`${count} %s get no process killed`, async (name, draw) => {
      const drawn = await draw();
      await writeFile(
        join(fleet.folder, "objects", "local", name),
        drawn instanceof Uint8Array ? drawn : await drawn.toBuffer(),
      );
      const job = {
        task: "embed",
        image: { s3: { bucket: "local", key: name } },
        // What decoding takes is in question, not what looking for small faces does.
        options: { crops: true, maxFaces: 1000, minFaceSize: name.startsWith("crowds") ? 40 : 500 },
      };
      const ids = await Promise.all(
        Array.from({ length: count }, async () => {
          const submitted = await fleet.attacker.postJson("/v1/jobs", job);
          expect(submitted.status).toBe(202);
          return ((await submitted.json()) as { id: string }).id;
        }),
      );
      const stateOf = async (id: string) => {
        const answer = await fleet.attacker.send("GET", `/v1/jobs/${id}?wait=20`);
        return [answer.status, ((await answer.json()) as { state?: string }).state];
      };
      for (const id of ids) await expect.poll(() => stateOf(id)).toEqual([200, "succeeded"]);
      const peaks = [await groups.api!.peak(), await groups.worker!.peak()].map((bytes) => Math.round(bytes / 2 ** 20));
      process.stdout.write(`${count} ${name}: API ${peaks[0]} MiB, worker ${peaks[1]} MiB at most\n`);
      expect([await groups.api!.killed(), await groups.worker!.killed()]).toEqual([0, 0]);
      await expectHealed(fleet);
    });

    it("32 images of 20 MB in JSON at a time get no process killed", async () => {
      const body = JSON.stringify({ task: "detect", image: { data: randomBytes(20_000_000).toString("base64") } });
      const headers = { "content-type": "application/json" };
      const send = () => fleet.attacker.status("POST", "/v1/jobs", { headers, body });
      const answers = await Promise.all(Array.from({ length: 32 }, send));
      for (const status of answers) expect([202, 429, 503]).toContain(status);
      process.stdout.write(`32 images in JSON: API ${Math.round((await groups.api!.peak()) / 2 ** 20)} MiB at most\n`);
      expect(await groups.api!.killed()).toBe(0);
      await expectHealed(fleet);
    });
  },
);
