import { availableParallelism } from "node:os";
import type { InferenceEngine, Session } from "@facefleet/core";
import { MatrixProduct, openCheckedSession } from "@facefleet/core/internals";
import { loadPack, type ModelPack, PackError, packCatalogue } from "@facefleet/core/models";
import type { BenchContext } from "../bench-context.js";
import type { BenchReport, Ratio, Row } from "../bench-report.js";
import { enginesToMeasure } from "../engines.js";
import { median } from "../load/percentile.js";
import { seededRandom } from "../load/seeded-random.js";
import { timed, timedFor } from "../load/stopwatch.js";
import { warmMegabytes } from "./warm-process.js";

const batchSizes = [1, 8, 32] as const;
/** Multiplications and additions for one face: of all its convolutions. */
const gflopPerFace = 2.85;
const side = 160;
const rounds = 5;
const turnMs = 700;
/** The largest rate of these counts: small products leave threads idle, large ones leave the cache. */
const productSides = [512, 1024, 2048];
/** What float32 should reach of the machine's own rate of matrix products, by batch size. */
const shareAims: Readonly<Record<number, number>> = { 1: 0.55, 32: 0.75 };
/** What 8 bits should reach over float32 where the processor has kernels for them, by batch size. */
const speedAims: Readonly<Record<number, number>> = { 1: 2.8, 32: 3.0 };

/** FaceNet of a pack on an engine. */
interface Contender {
  readonly engine: InferenceEngine;
  readonly pack: ModelPack;
  readonly arithmetic: string;
  readonly session: Session<"embedding">;
}

interface Measured extends Contender {
  readonly batch: number;
  /** Of a run, in milliseconds, one a round. */
  readonly times: readonly number[];
  readonly facesPerSecond: number;
  /** Of the machine's own rate of float32 matrix products, as it was in the same round. */
  readonly share: number;
}

/** FaceNet alone: faces a second by each pack, and how close float32 comes to this machine's own matrix products. */
export async function run(context: BenchContext): Promise<BenchReport> {
  const packs = await packsAtHand(context);
  const products = await Promise.all(productSides.map((size) => MatrixProduct.open(size)));
  const rates: number[] = [];
  const measured: Measured[] = [];
  for (const engine of await enginesToMeasure(context)) {
    context.say(`embed: ${engine.name}`);
    const contenders = await Promise.all(packs.map((pack) => open(engine, pack)));
    measured.push(...(await compete(contenders, products, rates)));
    await Promise.all(contenders.map(({ session }) => session.close()));
  }
  await Promise.all(products.map((product) => product.close()));
  for (const pack of packs) pack.weights.close();
  const first = measured[0]!.engine;
  const memory = await warmMegabytes(context, first.name, packs.map(nameOf));
  const ofFirst = measured.filter(({ engine }) => engine === first);
  return {
    name:
      `embed (FaceNet on ${availableParallelism()} processors; this machine multiplies matrices at ` +
      `${Math.round(median(rates))} GFLOP/s in float32)`,
    figures: measured.map((one) => row(one, one.engine === first ? memory : undefined)),
    ratios: batchSizes.flatMap((batch) => ratios(ofFirst.filter((one) => one.batch === batch))),
  };
}

/** Those that are built in or were pulled. */
async function packsAtHand({ modelsDir, say }: BenchContext): Promise<ModelPack[]> {
  const opened = packCatalogue.map(({ name }) =>
    loadPack(modelsDir, name).catch((error: unknown) => {
      if (!(error instanceof PackError)) throw error;
      say(`not measured: ${name}. ${error.message}`);
      return undefined;
    }),
  );
  return (await Promise.all(opened)).filter((pack) => pack !== undefined);
}

async function open(engine: InferenceEngine, pack: ModelPack): Promise<Contender> {
  const { session, arithmetic } = await openCheckedSession(engine, pack);
  return { engine, pack, session, arithmetic };
}

/** All in turns, each round with a look at the machine's rate, which others on the machine may change. */
async function compete(
  contenders: readonly Contender[],
  products: readonly MatrixProduct[],
  rates: number[],
): Promise<Measured[]> {
  // Those that are compared follow each other.
  const turns = batchSizes.flatMap((batch) =>
    contenders.map((contender) => ({ ...contender, batch, times: [] as number[], shares: [] as number[] })),
  );
  for (const { session, batch } of turns) await embed(session, batch);
  for (let round = 0; round < rounds; round++) {
    const rate = await productRate(products);
    rates.push(rate);
    for (const { session, batch, times, shares } of turns) {
      const milliseconds = median(await timedFor(turnMs, () => embed(session, batch)));
      times.push(milliseconds);
      shares.push((gflopPerFace * batch) / (milliseconds / 1000) / rate);
    }
  }
  return turns.map(({ shares, ...turn }) => ({
    ...turn,
    facesPerSecond: (1000 * turn.batch) / median(turn.times),
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

function nameOf({ manifest }: ModelPack): string {
  return manifest.name;
}

function row({ engine, pack, arithmetic, batch, facesPerSecond, share }: Measured, memory?: Map<string, number>): Row {
  return {
    engine: `${engine.name} on ${engine.device}`,
    pack: nameOf(pack),
    by: arithmetic,
    batch,
    "faces/s": facesPerSecond,
    "ms/face": 1000 / facesPerSecond,
    "share of products": share,
    "MB, warm": memory?.get(nameOf(pack)) ?? "",
  };
}

/** Of one engine and one batch size. */
function ratios(measured: readonly Measured[]): Ratio[] {
  const float = measured.find(({ pack }) => !pack.weights.isQuantised);
  const quantised = measured.find(({ pack }) => pack.weights.isQuantised);
  if (float === undefined) return [];
  const { engine, batch, share } = float;
  const ratios: Ratio[] = [];
  const shareAim = shareAims[batch];
  if (shareAim !== undefined) {
    ratios.push({
      name: `${engine.name}, batch ${batch}, float32 over matrix products`,
      value: share,
      atLeast: shareAim,
    });
  }
  const speedAim = quantised?.arithmetic === "int8" ? speedAims[batch] : undefined;
  if (quantised !== undefined) {
    const name = `${engine.name}, batch ${batch}, faces/s of ${quantised.arithmetic} over float32`;
    const value = median(float.times.map((time, round) => time / quantised.times[round]!));
    ratios.push({ name, value, ...(speedAim !== undefined && { atLeast: speedAim }) });
  }
  return ratios;
}
