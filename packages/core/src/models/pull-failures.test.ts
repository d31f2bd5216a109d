import { existsSync } from "node:fs";
import { open, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type MirrorServer, startMirrorServer } from "../../test/models/mirror-server.js";
import { temporaryFolder } from "../../test/models/temporary-folder.js";
import { makePinnedTinyPack, writeMirror } from "../../test/models/tiny-pack.js";
import { verifyManifest } from "./model-pack.js";
import { PackError } from "./pack-error.js";
import { packFiles, totalBytes } from "./pack-manifest.js";
import { explainDiskError, type PullOptions, pullManifest } from "./pull-pack.js";
import { weightsPath } from "./weights-path.js";

const pack = await makePinnedTinyPack();
const { manifest } = pack;
const kernel = "facenet/Conv2d_1a_3x3_kernel.npy";

let server: MirrorServer;
let modelsDir: string;

beforeEach(async () => {
  server = await startMirrorServer(pack.files);
  modelsDir = await temporaryFolder();
});

afterEach(() => server.close());

function pull(options: Partial<PullOptions> = {}) {
  return pullManifest(manifest, { modelsDir, mirror: server.url, retryDelayMs: 1, ...options });
}

async function failure(pulling: Promise<unknown>): Promise<PackError> {
  const error = await pulling.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(PackError);
  expect(existsSync(weightsPath(modelsDir, manifest))).toBe(false);
  return error as PackError;
}

describe("a host that fails for a while", () => {
  it.each([500, 503, 429])("is asked again after status %i", async (status) => {
    server.misbehaviours.set(kernel, (response, bytes, attempt) =>
      attempt < 3 ? response.writeHead(status).end() : response.end(bytes),
    );
    await pull();
    expect(server.requests.filter((path) => path === kernel)).toHaveLength(3);
    await verifyManifest(modelsDir, manifest);
  });

  it("is asked again after it cut a body short", async () => {
    server.misbehaviours.set(kernel, (response, bytes, attempt) => {
      if (attempt > 1) return response.end(bytes);
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, 20), () => response.destroy());
    });
    const totals: number[] = [];
    await pull({ onProgress: ({ bytes }) => totals.push(bytes) });
    expect(totals.at(-1)).toBe(totalBytes(packFiles(manifest)));
    await verifyManifest(modelsDir, manifest);
  });

  it("is asked again after it fell silent", async () => {
    server.misbehaviours.set(kernel, (response, bytes, attempt) => {
      if (attempt > 1) response.end(bytes);
      else response.writeHead(200).write(bytes.subarray(0, 20));
    });
    await pull({ stallMs: 100 });
    await verifyManifest(modelsDir, manifest);
  });

  it("is given up in the end", async () => {
    server.misbehaviours.set(kernel, (response) => response.writeHead(502).end());
    const { message } = await failure(pull());
    expect(message).toBe(`Expected the model file ${server.url}/${kernel} but received HTTP status 502`);
    expect(server.requests.filter((path) => path === kernel)).toHaveLength(4);
  });
});

describe("a pull that cannot work says in one sentence", () => {
  it("which file has the wrong hash, and where it came from", async () => {
    const file = manifest.sources[0]!.files[0]!;
    server.misbehaviours.set(kernel, (response, bytes) => response.end(Buffer.alloc(bytes.length, 1)));
    const { message } = await failure(pull());
    expect(message).toContain(`Expected sha256 ${file.sha256} for ${file.path} but received `);
    expect(message).toContain(`from ${server.url}/${kernel}`);
    expect(server.requests.filter((path) => path === kernel)).toHaveLength(1);
  });

  it("which file is longer than it should be", async () => {
    server.misbehaviours.set(kernel, (response, bytes) => response.end(Buffer.concat([bytes, bytes])));
    expect((await failure(pull())).message).toMatch(/^Expected \d+ bytes from .*kernel\.npy but received more$/);
  });

  it("which file always ends early", async () => {
    server.misbehaviours.set(kernel, (response, bytes) => response.end(bytes.subarray(0, 50)));
    expect((await failure(pull())).message).toMatch(/^Expected \d+ bytes from .*kernel\.npy but received only 50$/);
  });

  it("which file is missing", async () => {
    server.misbehaviours.set(kernel, (response) => response.writeHead(404).end());
    const { message } = await failure(pull());
    expect(message).toBe(`Expected the model file ${server.url}/${kernel} but received HTTP status 404`);
  });

  it("which file is missing from a folder", async () => {
    const mirror = await temporaryFolder();
    await writeMirror(mirror, pack);
    await rm(join(mirror, kernel));
    const { message, cause } = await failure(pull({ mirror }));
    expect(message).toBe(`Expected the model file ${join(mirror, kernel)} but it cannot be read (ENOENT)`);
    expect(cause).toMatchObject({ code: "ENOENT" });
  });

  it("that the mirror is neither a folder nor a URL", async () => {
    const nowhere = join(modelsDir, "nowhere");
    expect((await failure(pull({ mirror: nowhere }))).message).toMatch(/as the model mirror but received .*nowhere$/);
    expect((await failure(pull({ mirror: "http://" }))).message).toMatch(/as the model mirror but received http:\/\/$/);
  });

  it("which host does not answer, and what to do", async () => {
    await server.close();
    const { message, cause } = await failure(pull());
    const host = new URL(server.url).host;
    expect(message).toContain(`Expected model files from ${host} but the network failed (ECONNREFUSED)`);
    expect(message).toContain("FACEFLEET_MODEL_MIRROR");
    expect(cause).toBeInstanceOf(Error);
  });

  it("that the folder cannot be written", async () => {
    const file = join(modelsDir, "file");
    await writeFile(file, "");
    const pulling = pull({ modelsDir: join(file, "models") });
    await expect(pulling).rejects.toThrow(
      /^Expected to write the model pack to .* but that failed \(ENOTDIR on mkdir\)$/,
    );
  });

  it.skipIf(!existsSync("/dev/full"))("that the disk is full, and how much it takes", async () => {
    const full = await open("/dev/full", "w");
    const error = await full.writeFile("x").catch((reason: unknown) => reason);
    await full.close();
    expect(explainDiskError(error, "/models", 192e6)).toMatchObject({
      name: "PackError",
      message: "Expected 192 MB of free space in /models for the model pack but the disk is full",
      cause: { code: "ENOSPC" },
    });
  });
});
