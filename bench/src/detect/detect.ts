import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createEngine, type InferenceEngine } from "@facefleet/core";
import { matchBoxes } from "@facefleet/core/evaluation";
import {
  type CandidateBox,
  DynamicBatcher,
  decodeImage,
  imagePyramid,
  Mtcnn,
  type RgbImage,
  SummedAreaTable,
  wholeImage,
} from "@facefleet/core/internals";
import { loadPack, type ModelPack } from "@facefleet/core/models";
import type { BenchContext } from "../bench-context.js";
import type { BenchReport, Row } from "../bench-report.js";
import { enginesToMeasure } from "../engines.js";
import { median } from "../load/percentile.js";
import { timed, timedFor } from "../load/stopwatch.js";
import { PlainMtcnn } from "./plain-mtcnn.js";
import { TimedEngine } from "./timed-engine.js";

const minFaceSize = 20;
/** Where the comparison with the plain cascade is made, if it is among the photos; else on the first one. */
const yardstickPhoto = "group-six.jpg";
const rounds = 15;
const turnMs = 400;

interface Photo {
  readonly name: string;
  readonly bytes: Buffer;
  readonly image: RgbImage;
}

/** MTCNN on each photo, stage by stage and engine by engine; and against a plain one, in turns, in the same process. */
export async function run(context: BenchContext): Promise<BenchReport> {
  const photos = await readPhotos(context.photosDir);
  const pack = await loadPack(context.modelsDir, context.pack);
  const engines = await enginesToMeasure(context);
  const figures: Row[] = [];
  for (const engine of engines) {
    context.say(`detect: ${engine.name}`);
    figures.push(...(await measureEngine(engine, pack, photos)));
  }
  const compared = photos.find(({ name }) => name === yardstickPhoto) ?? photos[0]!;
  const value = await overPlain(context, engines[0]!, pack, compared.image);
  pack.weights.close();
  return {
    name: `detect (ms an image, minFaceSize ${minFaceSize})`,
    figures,
    ratios: [{ name: `${engines[0]!.name}, ${compared.name}, time over the plain cascade's`, value, atMost: 0.5 }],
  };
}

async function readPhotos(photosDir: string | undefined): Promise<Photo[]> {
  if (photosDir === undefined) throw new Error("Expected a folder of photos; name one with --photos");
  const photos: Photo[] = [];
  for (const name of (await readdir(photosDir)).sort()) {
    const bytes = await readFile(join(photosDir, name)).catch(() => undefined);
    const image = bytes && (await decodeImage(bytes).catch(() => undefined));
    if (bytes && image) photos.push({ name, bytes, image });
  }
  if (photos.length === 0) throw new Error(`Expected photos in ${photosDir} but found none that can be read`);
  return photos;
}

async function measureEngine(plain: InferenceEngine, pack: ModelPack, photos: readonly Photo[]): Promise<Row[]> {
  const engine = new TimedEngine(plain);
  const mtcnn = await loadMtcnn(engine, pack);
  const rows: Row[] = [];
  for (const { name, bytes, image } of photos) {
    const detect = async () => (await mtcnn.detect({ image: await SummedAreaTable.of(image), minFaceSize })).detections;
    const faces = (await detect()).length;
    engine.times.clear();
    const times = await timedFor(turnMs, detect);
    const stage = (network: string) => (engine.times.get(network) ?? 0) / times.length;
    const networks = { "P-Net": stage("pnet"), "R-Net": stage("rnet"), "O-Net": stage("onet") };
    const cascade = times.reduce((sum, time) => sum + time, 0) / times.length;
    const pyramid = median(await timedFor(turnMs / 4, () => buildPyramid(image, pack)));
    const known = Object.values(networks).reduce((sum, time) => sum + time, pyramid);
    rows.push({
      engine: engine.name,
      photo: name,
      size: `${image.width} x ${image.height}`,
      faces,
      decode: median(await timedFor(turnMs / 4, () => decodeImage(bytes))),
      cascade,
      pyramid,
      ...networks,
      rest: Math.max(0, cascade - known),
    });
  }
  await mtcnn.close();
  return rows;
}

function loadMtcnn(engine: InferenceEngine, pack: ModelPack): Promise<Mtcnn> {
  return Mtcnn.load(
    engine,
    pack,
    ({ maxBatchSize = 1, ...options }) => new DynamicBatcher({ ...options, maxBatchSize, maxQueueDelayMs: 0 }),
  );
}

/** What the detector does to an image before P-Net sees it. */
async function buildPyramid(image: RgbImage, { manifest }: ModelPack): Promise<void> {
  const { pyramidFactor, standardisation } = manifest.detector;
  const table = await SummedAreaTable.of(image);
  for (const level of imagePyramid(image.width, image.height, minFaceSize, pyramidFactor)) {
    table.resize(wholeImage(image), level, standardisation, new Float32Array(level.width * level.height * 3));
  }
}

/** The median of the ratios of pairs of runs; rejects unless both find the same faces. */
async function overPlain(
  { tfjsNodeDir }: BenchContext,
  engine: InferenceEngine,
  pack: ModelPack,
  image: RgbImage,
): Promise<number> {
  const mtcnn = await loadMtcnn(engine, pack);
  const asWritten = await createEngine(engine.name, { tfjsNodeDir, asWritten: true });
  const plain = await PlainMtcnn.load(asWritten.engine, pack);
  const detect = async () => (await mtcnn.detect({ image: await SummedAreaTable.of(image), minFaceSize })).detections;
  const detectPlainly = () => plain.detect(image, minFaceSize);
  expectSameFaces(await detect(), await detectPlainly());
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) ratios.push((await timed(detect)) / (await timed(detectPlainly)));
  await Promise.all([mtcnn.close(), plain.close()]);
  return median(ratios);
}

function expectSameFaces(actual: readonly CandidateBox[], expected: readonly CandidateBox[]): void {
  const matches = matchBoxes(expected.map(asBox), actual.map(asBox), 0.99);
  if (actual.length === expected.length && matches.length === expected.length) return;
  const found = `${actual.length} faces, of which ${matches.length} are the same`;
  throw new Error(`Expected the ${expected.length} faces of the plain cascade but received ${found}`);
}

function asBox({ x1, y1, x2, y2 }: CandidateBox) {
  return { x: x1, y: y1, width: x2 - x1, height: y2 - y1 };
}
