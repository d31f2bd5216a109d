import { open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { temporaryFolder } from "../../test/models/temporary-folder.js";
import { makePinnedTinyPack, writeMirror } from "../../test/models/tiny-pack.js";
import { exportManifest, importManifest } from "./carry-pack.js";
import { openPack, verifyManifest } from "./model-pack.js";
import { pullManifest } from "./pull-pack.js";

const pack = await makePinnedTinyPack();
const { manifest } = pack;

let here: string;
let elsewhere: string;
let file: string;

beforeEach(async () => {
  [here, elsewhere] = [await temporaryFolder(), await temporaryFolder()];
  file = join(await temporaryFolder(), "tiny.pack");
  const mirror = await temporaryFolder();
  await writeMirror(mirror, pack);
  await pullManifest(manifest, { modelsDir: here, mirror });
});

it("carries a pack to a machine that cannot pull it", async () => {
  await exportManifest(here, manifest, file);
  expect(await importManifest(join(elsewhere, "not", "there", "yet"), [manifest], file)).toBe(manifest);
  await verifyManifest(join(elsewhere, "not", "there", "yet"), manifest);
});

it("refuses a file with one changed byte, and names what it knows", async () => {
  await exportManifest(here, manifest, file);
  const handle = await open(file, "r+");
  const { size } = await handle.stat();
  await handle.write(Uint8Array.of(0x7f), 0, 1, size - 1);
  await handle.close();
  const importing = importManifest(elsewhere, [manifest], file);
  await expect(importing).rejects.toThrow(
    `Expected one of the packs tiny (sha256 ${manifest.weights.sha256}) in ${file} but received sha256 `,
  );
  await expect(openPack(elsewhere, manifest)).rejects.toThrow("it is not there");
});

it("refuses a file that is not there, and an export of what is not whole, which leaves no file", async () => {
  await expect(importManifest(elsewhere, [manifest], file)).rejects.toThrow(/cannot be read \(ENOENT\)/);
  await expect(exportManifest(elsewhere, manifest, file)).rejects.toThrow("it is not there");
  await expect(readFile(file)).rejects.toThrow("ENOENT");
});

it("leaves what is there already as it is", async () => {
  await writeFile(file, "mine", { mode: 0o400 });
  await expect(exportManifest(here, manifest, file)).rejects.toThrow(`Expected no file at ${file} but there is one`);
  expect(await readFile(file, "utf8")).toBe("mine");
});

it("says what is wrong with the place", async () => {
  await writeFile(join(elsewhere, "file"), "");
  await exportManifest(here, manifest, file);
  await expect(importManifest(join(elsewhere, "file"), [manifest], file)).rejects.toThrow(
    /^Expected to write the model pack to .* but that failed \(E(EXIST|NOTDIR) on mkdir\)$/,
  );
  await expect(exportManifest(here, manifest, join(elsewhere, "file", "x"))).rejects.toThrow(
    /^Expected to write the model pack to .* but that failed \(ENOTDIR on copyfile\)$/,
  );
});
