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
  type StageBatcher,
  SummedAreaTable,
  wholeImage,
  Yunet,
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

/**
 * MTCNN on each photo, stage by stage and engine by engine; and against a plain one, and YuNet against it, in turns, in the same
 * process.
 */
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
  const detectors = await yunetOverMtcnn(engines[0]!, pack, photos);
  pack.weights.close();
  return {
    name: `detect (ms an image, minFaceSize ${minFaceSize})`,
    figures,
    ratios: [
      { name: `${engines[0]!.name}, ${compared.name}, time over the plain cascade's`, value, atMost: 0.5 },
      ...detectors.map(({ name, value }) => ({
        name: `${engines[0]!.name}, ${name}, YuNet's time over MTCNN's`,
        value,
      })),
    ],
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
    const detect = async () => (await mtcnn.detect({ image, minFaceSize })).detections;
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

const batcher: StageBatcher = ({ maxBatchSize = 1, ...options }) =>
  new DynamicBatcher({ ...options, maxBatchSize, maxQueueDelayMs: 0 });

function loadMtcnn(engine: InferenceEngine, pack: ModelPack): Promise<Mtcnn> {
  return Mtcnn.load(engine, pack, batcher);
}

/** Of each photo the median of the ratios of pairs of runs, and that of all photos together. */
async function yunetOverMtcnn(engine: InferenceEngine, pack: ModelPack, photos: readonly Photo[]) {
  const [mtcnn, yunet] = [await loadMtcnn(engine, pack), await Yunet.load(engine, pack, batcher)];
  const ratios: { readonly name: string; readonly value: number }[] = [];
  const sums = { mtcnn: 0, yunet: 0 };
  for (const { name, image } of photos) {
    const times = { mtcnn: [] as number[], yunet: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      times.mtcnn.push(await timed(() => mtcnn.detect({ image, minFaceSize })));
      times.yunet.push(await timed(() => yunet.detect({ image, minFaceSize })));
    }
    ratios.push({ name, value: median(times.yunet.map((time, i) => time / times.mtcnn[i]!)) });
    sums.mtcnn += median(times.mtcnn);
    sums.yunet += median(times.yunet);
  }
  await Promise.all([mtcnn.close(), yunet.close()]);
  return [...ratios, { name: "all photos", value: sums.yunet / sums.mtcnn }];
}

/** What the detector does to an image before P-Net sees it. */
async function buildPyramid(image: RgbImage, { manifest }: ModelPack): Promise<void> {
  const { pyramidFactor, standardisation } = manifest.detectors.mtcnn;
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
  const detect = async () => (await mtcnn.detect({ image, minFaceSize })).detections;
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
