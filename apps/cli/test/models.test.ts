import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeEach, describe, expect, it } from "vitest";
import { floatPack, modelsDir, noFloatPack, repository, skipped } from "../../../tests/support/test-data.js";

const run = promisify(execFile);
const main = join(repository, "apps", "cli", "dist", "main.js");

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "facefleet-models-"));
  return () => rm(folder, { recursive: true, force: true });
});

/** What the command prints, or says when it fails. */
async function models(args: readonly string[], settings: Record<string, string> = {}): Promise<string> {
  // biome-ignore lint/style/noProcessEnv: a program that is started inherits it
  const env = { ...process.env, MODELS_DIR: folder, FACEFLEET_MODEL_MIRROR: "", ...settings };
  return await run(process.execPath, [main, "models", ...args], { env }).then(
    ({ stdout }) => stdout,
    ({ stderr }: { stderr: string }) => stderr,
  );
}

describe("facefleet models", () => {
  it("lists what is built in and what is not there", async () => {
    const list = await models(["list"]);
    expect(list).toMatch(/^facenet-20180402-114759-int8 {2}built in, ready, 28\.8 MB$/m);
    expect(list).toMatch(/^facenet-20180402-114759 {2}missing, 96\.1 MB$/m);
    expect(list).toMatch(/licence of mtcnn: MIT/);
  });

  it("verifies the pack in use, and pulls nothing where it is built in", async () => {
    expect(await models(["verify"])).toBe("The model pack facenet-20180402-114759-int8 is intact\n");
    expect(await models(["pull"])).toMatch(/^Nothing to pull: the model pack facenet-20180402-114759-int8 is at /);
    expect(await models(["verify"], { PACK: floatPack })).toMatch(
      /^error: Expected the weights facenet-20180402-114759 at .* but it is not there; .*models pull .*models import/,
    );
  });

  it("says which packs there are, to a command and to a setting", async () => {
    expect(await models(["verify", "other"])).toMatch(
      /^error: Expected one of facenet-.*-int8, facenet-.* but received other/,
    );
    expect(await models(["list"], { PACK: "other" })).toMatch(/PACK.*facenet-20180402-114759-int8/s);
  });

  it("imports nothing that is no pack", async () => {
    const file = join(folder, "note.txt");
    await writeFile(file, "no pack");
    expect(await models(["import", file])).toMatch(
      /^error: Expected one of the packs .* in .*note\.txt but received sha256/,
    );
  });

  it.skipIf(skipped("carrying the float32 pack", noFloatPack))("carries a pack by one file", async () => {
    const file = join(folder, "carried.safetensors");
    expect(await models(["export", floatPack, file], { MODELS_DIR: modelsDir })).toMatch(
      /^Wrote the model pack .* to .*carried/,
    );
    expect(await models(["import", file])).toBe("The model pack facenet-20180402-114759 is ready\n");
    expect(await models(["verify", floatPack])).toBe("The model pack facenet-20180402-114759 is intact\n");
    expect((await readFile(file)).length).toBe(96_130_280);
  });
});
