// Measures each kind of embedding on pictures of people in the layout of LFW, a folder a person:
//   node scripts/measure-distances.mjs <folder with images/ and pairs.txt> [engine]
// Prints the accuracy on the pairs, the cost, and the errors of each threshold over every pair that the
// pictures make: what docs/adr/0007 and the pack's `distances` quote. Needs a build and the model pack.
import { readdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { DynamicBatcher } from "../packages/core/dist/batching/index.js";
import { FaceEmbedder } from "../packages/core/dist/embedding/index.js";
import { decodeImage } from "../packages/core/dist/imaging/index.js";
import { createEngine, embeddingKinds, FacePipeline } from "../packages/core/dist/index.js";
import { loadPack } from "../packages/core/dist/models/index.js";

const together = 16;
const thresholds = Array.from({ length: 25 }, (_, i) => 0.7 + i * 0.025);
const kinds = Object.keys(embeddingKinds);
const [folder, engineName = "onnx-cpu"] = process.argv.slice(2);

const pack = await loadPack(join(homedir(), ".cache/facefleet/models"));
const { engine } = await createEngine(engineName);
const limits = { maxPixels: 5e7, maxBatchSize: together, maxQueueDelayMs: 0, maxDecodedBytes: 2 ** 28 };
const pipeline = await FacePipeline.create({ pack, engine, limits });
const embedder = await FaceEmbedder.load(
  engine,
  pack,
  ({ run, maxBatchSize = together }) =>
    new DynamicBatcher({ run, maxBatchSize, maxQueueDelayMs: 0, isOutOfMemory: () => false, onBatch: () => {} }),
);
const options = { minFaceSize: 20, minConfidence: 0, maxFaces: 1, order: "prominence", embed: false };

const pictures = await findPictures(join(folder, "images"));
const spent = Object.fromEntries(["detect", ...kinds].map((step) => [step, 0]));
let faceless = 0;
for (let i = 0; i < pictures.length; i += together) {
  const located = await timed("detect", () => Promise.all(pictures.slice(i, i + together).map(locate)));
  for (const kind of turned(kinds, i / together)) {
    await timed(kind, () => Promise.all(located.map((picture) => embed(picture, kind))));
  }
  process.stderr.write(`\r${Math.min(i + together, pictures.length)} of ${pictures.length}`);
}
process.stderr.write("\n");
await Promise.all([pipeline.close(), embedder.close()]);
report(protocolPairs(await readFile(join(folder, "pairs.txt"), "utf8")));

async function findPictures(dir) {
  const people = (await readdir(dir)).sort();
  const files = await Promise.all(
    people.map(async (person) => (await readdir(join(dir, person))).sort().map((name) => ({ person, name }))),
  );
  return files.flat().map((file) => ({ ...file, path: join(dir, file.person, file.name), embeddings: {} }));
}

/** Without a face the middle of the picture stands for it. */
async function locate(picture) {
  const bytes = await readFile(picture.path);
  const [image, { faces }] = await Promise.all([decodeImage(bytes), pipeline.analyse(bytes, options)]);
  const [face] = faces;
  if (!face) faceless++;
  return { picture, image, face: face ? { ...edges(face.box), landmarks: face.landmarks } : middle(image) };
}

function edges({ x, y, width, height }) {
  return { x1: x, y1: y, x2: x + width, y2: y + height };
}

function middle({ width, height }) {
  return { x1: width / 4, y1: height / 4, x2: (3 * width) / 4, y2: (3 * height) / 4 };
}

async function embed({ picture, image, face }, kind) {
  [picture.embeddings[kind]] = await embedder.embed(image, [face], embeddingKinds[kind]);
}

async function timed(step, work) {
  const start = performance.now();
  const result = await work();
  spent[step] += performance.now() - start;
  return result;
}

/** Each kind goes first as often as any other, so that a change of the machine's speed falls on all. */
function turned(list, by) {
  return list.map((_, i) => list[(i + by) % list.length]);
}

function report(pairs) {
  const print = (line) => process.stdout.write(`${line}\n`);
  print(`${pictures.length} pictures, ${faceless} without a face; ${pairs.length} pairs; ${engine.name}`);
  print("kind           best acc.  at    acc. <1.0  acc. <1.08  embed ms/face  embed cost  detect+embed cost");
  for (const kind of kinds) print(accuracyLine(kind, pairs));
  for (const kind of ["standard", "high"]) {
    const [same, other] = everyPair(kind);
    print(`\n${kind}: every pair of the pictures, ${same.length} genuine, ${other.length} impostor`);
    for (const t of thresholds) {
      const [far, frr] = [share(other, (d) => d < t), share(same, (d) => d >= t)];
      print(`${t.toFixed(3)}  FAR ${far.toFixed(6)}  FRR ${frr.toFixed(4)}`);
    }
  }
}

/** Lines of `person i j` and `person i person j`, under a line of counts. */
function protocolPairs(text) {
  const byPath = new Map(pictures.map((picture) => [`${picture.person} ${pictureNumber(picture)}`, picture]));
  return text
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const fields = line.trim().split(/\s+/);
      const [first, i, second, j] = fields.length === 3 ? [fields[0], fields[1], fields[0], fields[2]] : fields;
      return { same: first === second, a: byPath.get(`${first} ${i}`), b: byPath.get(`${second} ${j}`) };
    });
}

function pictureNumber({ name }) {
  return Number(/_(\d+)\.\w+$/.exec(name)?.[1]);
}

function accuracyLine(kind, pairs) {
  const measured = pairs.map(({ same, a, b }) => ({ same, d: distance(a.embeddings[kind], b.embeddings[kind]) }));
  const accuracy = (t) => share(measured, ({ same, d }) => d < t === same);
  const candidates = Array.from({ length: 1000 }, (_, i) => 0.5 + i / 1000).map((t) => [accuracy(t), t]);
  const top = Math.max(...candidates.map(([value]) => value));
  const best = candidates.filter(([value]) => value === top).map(([, t]) => t);
  const ms = spent[kind] / pictures.length;
  const cost = spent[kind] / spent.standard;
  const whole = (spent.detect + spent[kind]) / (spent.detect + spent.standard);
  const range = `${best[0].toFixed(3)}-${best.at(-1).toFixed(3)}`;
  const at = [1, 1.08].map((t) => accuracy(t).toFixed(4)).join("  ");
  return `${kind.padEnd(14)} ${top.toFixed(4)}  ${range}  ${at}  ${ms.toFixed(1)}  ${cost.toFixed(2)}  ${whole.toFixed(2)}`;
}

function everyPair(kind) {
  const same = [];
  const other = [];
  for (const [i, a] of pictures.entries()) {
    for (const b of pictures.slice(i + 1)) {
      (a.person === b.person ? same : other).push(distance(a.embeddings[kind], b.embeddings[kind]));
    }
  }
  return [same, other];
}

function distance(a, b) {
  return Math.sqrt(Math.max(0, 2 - 2 * a.reduce((sum, value, i) => sum + value * b[i], 0)));
}

function share(list, holds) {
  return list.filter(holds).length / list.length;
}
