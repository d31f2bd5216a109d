import { expect, it } from "vitest";
import { requestLines, type ShownRequest } from "./request-lines.js";

const request: ShownRequest = {
  url: "https://example.com/faces",
  fileName: "party.jpg",
  task: "detect",
  options: { detector: "mtcnn", maxFaces: 3 },
  hasKey: false,
};

it("says the same in each language", () => {
  expect(requestLines.curl(request)).toBe(
    [
      "curl -F image=@party.jpg \\",
      `     -F 'job={"options":{"detector":"mtcnn","maxFaces":3}}' \\`,
      "     https://example.com/faces/v1/analyse",
    ].join("\n"),
  );
  expect(requestLines.typescript(request)).toContain('options: { detector: "mtcnn", maxFaces: 3 }');
  expect(requestLines.python(request)).toContain('client.detect(\n        "party.jpg",');
});

it("names the key and the task where there are any, and no secret", () => {
  const asked = { ...request, hasKey: true, task: "embed" } as const;
  expect(requestLines.curl(asked)).toMatch(/'job={"task":"embed",.*Bearer \$FACEFLEET_API_KEY"/s);
  expect(requestLines.typescript(asked)).toContain("apiKey: process.env.FACEFLEET_API_KEY");
  expect(requestLines.python(asked)).toMatch(
    /^import os\n.*api_key=os\.environ\["FACEFLEET_API_KEY"\].*client\.embed/s,
  );
});

it.each([
  ["two people.jpg", `'image=@"two people.jpg"'`],
  ["it's;odd,.jpg", `'image=@"it'\\''s;odd,.jpg"'`],
  ['a "b".jpg', `'image=@"a \\"b\\".jpg"'`],
])("quotes the name %s for the shell and for curl", (fileName, quoted) => {
  expect(requestLines.curl({ ...request, fileName })).toContain(`curl -F ${quoted} \\`);
});
