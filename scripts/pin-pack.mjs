// Makes the list of pinned files of a model pack from a mirror folder, where SHA256SUMS lies at the top:
//   node scripts/pin-pack.mjs <mirror folder> > packages/core/src/models/packs/<pack>.files.json
// Every sum is checked against the file before it is written down.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";

const sources = { facenet: /^facenet_nhwc\/weights\/.+\.npy$/, mtcnn: /^mtcnn\/.+$/ };

const mirror = process.argv[2];
if (mirror === undefined) throw new Error("Expected a mirror folder as the only argument but received nothing");

const sums = readFileSync(join(mirror, "SHA256SUMS"), "utf8")
  .trim()
  .split("\n")
  .map((line) => line.split(/\s+\*?(?:\.\/)?/));

const pinned = Object.entries(sources).map(([source, pattern]) => [
  source,
  sums.filter(([, path]) => pattern.test(path)).map(pinnedLine),
]);
process.stdout.write(`${JSON.stringify(Object.fromEntries(pinned), undefined, 2)}\n`);

function pinnedLine([expected, path]) {
  const bytes = readFileSync(join(mirror, path));
  const received = createHash("sha256").update(bytes).digest("hex");
  if (received !== expected) throw new Error(`Expected sha256 ${expected} for ${path} but received ${received}`);
  return `${received} ${bytes.length} ${basename(path)}`;
}
