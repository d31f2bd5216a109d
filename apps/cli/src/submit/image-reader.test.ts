import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { ImageReader } from "./image-reader.js";

let folder: string;
let reader: ImageReader;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "reader-"));
  await mkdir(join(folder, "objects", "photos"), { recursive: true });
  await writeFile(join(folder, "objects", "photos", "a.jpg"), "the bytes of an object");
  reader = new ImageReader({ env: {}, DATA_DIR: folder });
});
afterEach(async () => {
  await reader.close();
  await rm(folder, { recursive: true });
});

const object = (key: string) => ({ kind: "s3", name: `s3://photos/${key}`, bucket: "photos", key }) as const;

it("reads objects where the fleet of this machine has them", async () => {
  expect(String(await reader.read(object("a.jpg")))).toBe("the bytes of an object");
  await expect(reader.read(object("b.jpg"))).rejects.toMatchObject({ code: "image_not_found" });
});

it("reads files", async () => {
  const name = join(folder, "objects", "photos", "a.jpg");
  const file = { kind: "file", name, contentType: "image/jpeg" } as const;
  expect(String(await reader.read(file))).toBe("the bytes of an object");
});
