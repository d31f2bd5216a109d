import { expect, it } from "vitest";
import { parseBoxesFile } from "./boxes-file.js";

it("reads files with their boxes", () => {
  expect(parseBoxesFile('[{"file": "a.jpg", "boxes": [[1, 2, 30, 40.5]]}, {"file": "b.jpg", "boxes": []}]')).toEqual([
    { file: "a.jpg", boxes: [{ x: 1, y: 2, width: 30, height: 40.5 }] },
    { file: "b.jpg", boxes: [] },
  ]);
});

it.each(['{"a.jpg": []}', '[{"file": "a.jpg", "boxes": [[1, 2, 30]]}]', '[{"file": "a.jpg"}]'])(
  "refuses %s",
  (text) => {
    expect(() => parseBoxesFile(text)).toThrow(/Expected \[\{"file", "boxes".* but at "/);
  },
);
