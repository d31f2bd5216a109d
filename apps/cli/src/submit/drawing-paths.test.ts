import { expect, it } from "vitest";
import { drawingPaths } from "./drawing-paths.js";
import type { SubmitInput } from "./submit-input.js";

function file(name: string): SubmitInput {
  return { kind: "file", name, contentType: "image/png" };
}

function object(bucket: string, key: string): SubmitInput {
  return { kind: "s3", name: `s3://${bucket}/${key}`, bucket, key };
}

function pathsOf(...inputs: SubmitInput[]): string[] {
  return [...drawingPaths("out", inputs).values()];
}

it("keeps of a path what tells images apart", () => {
  expect(pathsOf(file("photos/one/a.png"))).toEqual(["out/a.png"]);
  expect(pathsOf(file("photos/one/a.png"), file("photos/two/a.png"), file("photos/b.jpg"))).toEqual([
    "out/one/a.png",
    "out/two/a.png",
    "out/b.jpg",
  ]);
  expect(pathsOf(file("one/a.png"), file("one-more/a.png"))).toEqual(["out/one/a.png", "out/one-more/a.png"]);
});

it("keeps a JPEG one, and says of another what it was", () => {
  expect(pathsOf(file("a.JPEG"), file("a.heic"), file("a.png"))).toEqual(["out/a.JPEG", "out/a.heic.png", "out/a.png"]);
});

it("has objects by bucket and key, and follows no key out of the folder", () => {
  expect(pathsOf(object("photos", "a/b.jpg"), object("albums", "a/b.jpg"))).toEqual([
    "out/photos/a/b.jpg",
    "out/albums/a/b.jpg",
  ]);
  expect(pathsOf(object("photos", "../../../b.jpg"), object("photos", "a.jpg"))).toEqual(["out/b.jpg", "out/a.jpg"]);
});

it("replaces neither an image nor another copy", () => {
  expect([...drawingPaths("photos", [file("photos/a.png")]).values()]).toEqual(["photos/a-2.png"]);
  expect(pathsOf(file("photos/a.gif"), file("photos/a.gif.png"))).toEqual(["out/a.gif.png", "out/a.gif-2.png"]);
});
