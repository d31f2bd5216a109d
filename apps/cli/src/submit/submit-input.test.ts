import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { expandInputs } from "./submit-input.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "inputs-"));
  await mkdir(join(folder, "b", "c"), { recursive: true });
  for (const name of ["z.JPG", "a.png", "notes.txt", "b/c/deep.webp", "phone.HEIC", "saved.jfif"])
    await writeFile(join(folder, name), "");
});
afterEach(() => rm(folder, { recursive: true }));

it("finds the images of a folder and everything below it, in a stable order", async () => {
  const { inputs, leftOut } = await expandInputs([folder]);
  expect(inputs).toEqual([
    { kind: "file", name: join(folder, "a.png"), contentType: "image/png" },
    { kind: "file", name: join(folder, "b/c/deep.webp"), contentType: "image/webp" },
    { kind: "file", name: join(folder, "phone.HEIC"), contentType: "image/heic" },
    { kind: "file", name: join(folder, "saved.jfif"), contentType: "image/jpeg" },
    { kind: "file", name: join(folder, "z.JPG"), contentType: "image/jpeg" },
  ]);
  expect(leftOut).toEqual([join(folder, "notes.txt")]);
});

it("sends a file that was named, whatever its extension", async () => {
  const name = join(folder, "notes.txt");
  expect((await expandInputs([name])).inputs).toEqual([
    { kind: "file", name, contentType: "application/octet-stream" },
  ]);
});

it("reads s3 URLs", async () => {
  expect((await expandInputs(["s3://photos/2024/a b.jpg"])).inputs).toEqual([
    { kind: "s3", name: "s3://photos/2024/a b.jpg", bucket: "photos", key: "2024/a b.jpg" },
  ]);
});

it.each([
  ["s3://photos", "Expected s3://bucket/key"],
  ["/no/such/file.jpg", "there is none"],
])("keeps %s as a fault, beside the inputs that are fine", async (name, words) => {
  const [fault, fine] = (await expandInputs([name, join(folder, "a.png")])).inputs;
  expect(fault).toMatchObject({ kind: "fault", name, fault: expect.stringContaining(words) });
  expect(fine).toMatchObject({ kind: "file" });
});

it("says so when a folder holds no image", async () => {
  await mkdir(join(folder, "empty"));
  expect((await expandInputs([join(folder, "empty")])).inputs).toEqual([
    expect.objectContaining({ kind: "fault", fault: expect.stringContaining("in the folder but found none") }),
  ]);
});
