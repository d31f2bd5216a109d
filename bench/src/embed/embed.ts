import type { InferenceEngine, Session } from "@facefleet/core";
import { inceptionResnetV1, MatrixProduct } from "@facefleet/core/internals";
import { loadPack, type ModelPack } from "@facefleet/core/models";
import type { BenchContext } from "../bench-context.js";
import type { BenchReport, Ratio, Row } from "../bench-report.js";
import { enginesToMeasure } from "../engines.js";
import { median } from "../load/percentile.js";
import { seededRandom } from "../load/seeded-random.js";
import { timed, timedFor } from "../load/stopwatch.js";

const batchSizes = [1, 8, 32] as const;
/** Multiplications and additions for one face: of all its convolutions. */
const gflopPerFace = 2.85;
const side = 160;
const rounds = 5;
const turnMs = 700;
/** The largest rate of these counts: small products leave threads idle, large ones leave the cache. */
const productSides = [512, 1024, 2048];
const aims: Readonly<Record<number, number>> = { 1: 0.55, 32: 0.75 };

interface Measured {
  readonly engine: InferenceEngine;
  readonly batch: number;
  readonly facesPerSecond: number;
  /** Of the machine's own rate of matrix products, as it was in the same round. */
  readonly share: number;
}

/** FaceNet alone: faces a second, and how close its arithmetic comes to this machine's own matrix products. */
export async function run(context: BenchContext): Promise<BenchReport> {
  const pack = await loadPack(context.modelsDir);
  const products = await Promise.all(productSides.map((size) => MatrixProduct.open(size)));
  const rates: number[] = [];
  const measured: Measured[] = [];
  for (const engine of await enginesToMeasure(context)) {
    context.say(`embed: ${engine.name}`);
    measured.push(...(await measureEngine(engine, pack, products, rates)));
  }
  await Promise.all(products.map((product) => product.close()));
  pack.weights.close();
  return {
    name: `embed (FaceNet; this machine multiplies matrices at ${Math.round(median(rates))} GFLOP/s in float32)`,
    figures: measured.map(row),
    ratios: measured.filter(({ engine }) => engine === measured[0]!.engine).flatMap(ratio),
  };
}

/** The sizes in turns, each round with a look at the machine's rate, which others on the machine may change. */
async function measureEngine(
  engine: InferenceEngine,
  pack: ModelPack,
  products: readonly MatrixProduct[],
  rates: number[],
): Promise<Measured[]> {
  const session = await engine.compile(inceptionResnetV1, pack.weights);
  const turns = batchSizes.map((batch) => ({ batch, times: [] as number[], shares: [] as number[] }));
  for (const { batch } of turns) await embed(session, batch);
  for (let round = 0; round < rounds; round++) {
    const rate = await productRate(products);
    rates.push(rate);
    for (const { batch, times, shares } of turns) {
      const milliseconds = median(await timedFor(turnMs, () => embed(session, batch)));
      times.push(milliseconds);
      shares.push((gflopPerFace * batch) / (milliseconds / 1000) / rate);
    }
  }
  await session.close();
  return turns.map(({ batch, times, shares }) => ({
    engine,
    batch,
    facesPerSecond: (1000 * batch) / median(times),
    share: median(shares),
  }));
}

async function embed(session: Session<"embedding">, batch: number): Promise<void> {
  await session.run({ data: noise(batch), shape: [batch, side, side, 3] });
}

const noises = new Map<number, Float32Array>();

/** Standardised pixels from -1 to 1. */
function noise(batch: number): Float32Array {
  const random = seededRandom(1);
  const known = noises.get(batch) ?? Float32Array.from({ length: batch * side * side * 3 }, () => 2 * random() - 1);
  noises.set(batch, known);
  return known;
}

/** GFLOP/s. */
async function productRate(products: readonly MatrixProduct[]): Promise<number> {
  const rates: number[] = [];
  for (const product of products) {
    await product.run();
    for (let i = 0; i < 5; i++) rates.push(product.operations / (await timed(() => product.run())) / 1e6);
  }
  return Math.max(...rates);
}

function row({ engine, batch, facesPerSecond, share }: Measured): Row {
  return {
    engine: `${engine.name} on ${engine.device}`,
    batch,
    "faces/s": facesPerSecond,
    "ms/face": 1000 / facesPerSecond,
    "GFLOP/s": gflopPerFace * facesPerSecond,
    share,
  };
}

function ratio({ engine, batch, share }: Measured): Ratio[] {
  const atLeast = aims[batch];
  return atLeast === undefined
    ? []
    : [{ name: `${engine.name}, batch ${batch}, over matrix products`, value: share, atLeast }];
}
