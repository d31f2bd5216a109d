import { existsSync, statSync } from "node:fs";
import { mkdir, open, readdir, truncate, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { type MirrorServer, startMirrorServer } from "../../test/models/mirror-server.js";
import { temporaryFolder } from "../../test/models/temporary-folder.js";
import { makePinnedTinyPack, writeMirror } from "../../test/models/tiny-pack.js";
import { openPack, verifyManifest } from "./model-pack.js";
import { PackError } from "./pack-error.js";
import { type PackManifest, packFiles, totalBytes } from "./pack-manifest.js";
import { type PullOptions, type PullProgress, pullManifest } from "./pull-pack.js";

const pack = await makePinnedTinyPack();
const { manifest } = pack;
const fileCount = pack.files.size;
const kernel = "facenet/Conv2d_1a_3x3_kernel.npy";
const shard = "mtcnn/shard1";

let server: MirrorServer;
let modelsDir: string;

beforeEach(async () => {
  server = await startMirrorServer(pack.files);
  modelsDir = await temporaryFolder();
});

afterEach(() => server.close());

function pull(options: Partial<PullOptions> = {}, of: PackManifest = manifest) {
  return pullManifest(of, { modelsDir, mirror: server.url, retryDelayMs: 1, ...options });
}

const weightsFile = `tiny-${manifest.weights.sha256.slice(0, 12)}.safetensors`;

/** Everything but the pack itself is gone, and the pack is good. */
async function expectOnlyGoodPack(): Promise<void> {
  expect(await readdir(modelsDir)).toEqual([weightsFile]);
  await verifyManifest(modelsDir, manifest);
}

describe("a pull that works", () => {
  it("downloads each file once, converts, and leaves nothing else behind", async () => {
    expect(await pull()).toEqual({ path: join(modelsDir, weightsFile), pulled: true });
    expect([...server.requests].sort()).toEqual([...pack.files.keys()].sort());
    await expectOnlyGoodPack();
    const { weights } = await openPack(modelsDir, manifest);
    onTestFinished(() => weights.close());
    expect([...weights.read("facenet/Bottleneck/kernel")]).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("returns at once when the pack is there", async () => {
    await pull();
    expect(await pull()).toEqual({ path: join(modelsDir, weightsFile), pulled: false });
    expect(server.requests).toHaveLength(fileCount);
  });

  it("takes a folder as the mirror", async () => {
    const mirror = await temporaryFolder();
    await writeMirror(mirror, pack);
    expect(await pull({ mirror })).toMatchObject({ pulled: true });
    await expectOnlyGoodPack();
  });

  it("asks the upstream hosts when there is no mirror", async () => {
    const sources = manifest.sources.map((source) => ({ ...source, url: `${server.url}/${source.mirrorPath}` }));
    await pull({ mirror: undefined }, { ...manifest, sources });
    expect(server.requests).toHaveLength(fileCount);
    await expectOnlyGoodPack();
  });

  it("reports bytes up to the total, and then the conversion", async () => {
    const reports: PullProgress[] = [];
    await pull({ onProgress: (progress) => reports.push(progress) });
    const total = totalBytes(packFiles(manifest));
    expect(reports.at(-1)).toEqual({ phase: "convert", bytes: total, totalBytes: total });
    const downloaded = reports.filter(({ phase }) => phase === "download").map(({ bytes }) => bytes);
    expect(downloaded).toEqual([...downloaded].sort((a, b) => a - b));
  });
});

describe("a pack that no longer fits", () => {
  it("is pulled again when it is not whole", async () => {
    await pull();
    await truncate(join(modelsDir, weightsFile), 100);
    await expect(openPack(modelsDir, manifest)).rejects.toThrow(
      'it is not whole; remove it, and run "facefleet models pull tiny"',
    );
    expect(await pull()).toMatchObject({ pulled: true });
    await expectOnlyGoodPack();
  });

  it("is not taken for another version of itself, which stays beside it", async () => {
    await pull();
    const next = { ...manifest, weights: { ...manifest.weights, sha256: `${"0".repeat(12)}${"1".repeat(52)}` } };
    await expect(openPack(modelsDir, next)).rejects.toThrow("it is not there");
    await expectOnlyGoodPack();
  });

  it("is kept until its successor is complete", async () => {
    await pull();
    await truncate(join(modelsDir, weightsFile), 100);
    server.misbehaviours.set(kernel, (response) => response.writeHead(404).end());
    await expect(pull()).rejects.toThrow(PackError);
    expect(existsSync(join(modelsDir, weightsFile))).toBe(true);
  });

  it("is refused when its files convert to something else than is pinned", async () => {
    const wrong = { ...manifest, weights: { ...manifest.weights, sha256: "0".repeat(64) } };
    await expect(pull({}, wrong)).rejects.toThrow(/^Expected sha256 0{64} for .* but received [0-9a-f]{64}/);
    expect(await readdir(modelsDir)).toEqual(["downloads"]);
  });
});

describe("openPack", () => {
  it("finds one changed byte", async () => {
    const { path } = await pull();
    const file = await open(path, "r+");
    const { size } = await file.stat();
    await file.write(Buffer.from([0x7f]), 0, 1, size - 1);
    await file.close();
    await expect(openPack(modelsDir, manifest)).rejects.toThrow(/Expected sha256 [0-9a-f]{64} for .* but received/);
  });
});

describe("an interrupted pull", () => {
  it("goes on with the files that are missing", async () => {
    await interruptAtShard();
    expect(await readdir(modelsDir)).toEqual(["downloads"]);
    expect(await readdir(join(modelsDir, "downloads"))).toHaveLength(fileCount - 1);

    expect(await pull()).toMatchObject({ pulled: true });
    expect(server.requests).toEqual([shard]);
    await expectOnlyGoodPack();
  });

  it("does not trust a finished download whose bytes have changed", async () => {
    await interruptAtShard();
    await writeFile(join(modelsDir, "downloads", sha256Of(kernel)), "damaged");
    await pull();
    expect([...server.requests].sort()).toEqual([kernel, shard]);
    await expectOnlyGoodPack();
  });

  it.each([
    ["missing", false],
    ["there", true],
  ])("that was killed leaves nothing that the next one does not remove, the pack being %s", async (_, ready) => {
    if (ready) await pull();
    await mkdir(join(modelsDir, "downloads"));
    await writeFile(join(modelsDir, "downloads", `${sha256Of(kernel)}.dead.part`), "half");
    const dead = join(modelsDir, ".tiny-dead");
    await writeFile(dead, "half");
    await utimes(dead, new Date(0), new Date(0));
    await pull();
    await expectOnlyGoodPack();
  });

  /** Leaves every file but the shard downloaded, the server in order, and its requests forgotten. */
  async function interruptAtShard(): Promise<void> {
    const abort = new AbortController();
    server.misbehaviours.set(shard, (response, bytes) => response.writeHead(200).write(bytes.subarray(0, 10)));
    const pulling = pull({ signal: abort.signal });
    await vi.waitFor(async () => expect(await finishedDownloads()).toHaveLength(fileCount - 1));
    abort.abort(new Error("interrupted"));
    await expect(pulling).rejects.toThrow("interrupted");
    server.misbehaviours.clear();
    server.requests.length = 0;
  }

  async function finishedDownloads(): Promise<string[]> {
    const entries = await readdir(join(modelsDir, "downloads")).catch(() => []);
    return entries.filter((entry) => !entry.endsWith(".part"));
  }

  function sha256Of(mirrorPath: string): string {
    return packFiles(manifest).find(({ path }) => mirrorPath.endsWith(`/${path}`))!.sha256;
  }
});

describe("concurrent pulls", () => {
  it("all end with the same good pack", async () => {
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => pull()));
    expect(new Set(outcomes.map(({ path }) => path)).size).toBe(1);
    expect(outcomes.some(({ pulled }) => pulled)).toBe(true);
    await verifyManifest(modelsDir, manifest);
  });

  it("also where an unusable pack is in their way", async () => {
    await pull();
    await truncate(join(modelsDir, weightsFile), 10);
    await Promise.all(Array.from({ length: 6 }, () => pull()));
    await verifyManifest(modelsDir, manifest);
  });

  it("never show a reader half a pack", async () => {
    const seen = new Set<number>();
    let pulling = true;
    const watch = async () => {
      do {
        await new Promise(setImmediate);
        const found = statSync(join(modelsDir, weightsFile), { throwIfNoEntry: false });
        if (found) seen.add(found.size);
      } while (pulling);
    };
    const watching = watch();
    await Promise.all(Array.from({ length: 3 }, () => pull()));
    pulling = false;
    await watching;
    expect([...seen]).toEqual([manifest.weights.bytes]);
  });
});
