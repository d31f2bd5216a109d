import { l2Normalise } from "@facefleet/matching";
import { type Arithmetic, type InferenceEngine, rowOf, type Session, type Tensor } from "../engines/index.js";
import type { ModelPack } from "../models/index.js";
import { embedders } from "../nets/index.js";

/** How near an engine has to come, as a cosine. */
const agreement = {
  /** Rounding of float32 alone, in whichever order an engine adds. */
  real: 0.99999,
  /**
   * Of integers that are computed in float32, where an engine's convolutions do not add whole numbers exactly: each that
   * comes out off by one changes a little of what follows.
   */
  integersInFloat: 0.999,
} as const;

export interface CheckedSession {
  readonly session: Session<"embedding">;
  readonly arithmetic: Arithmetic;
  /** Why a faster arithmetic of the engine is not used, a sentence each. */
  readonly refusals: readonly string[];
}

/**
 * FaceNet on an engine, by the fastest arithmetic that embeds the pack's own crops as they must be embedded: kernels for
 * integers overflow on some processors, and no error says so.
 *
 * @throws Error when none does.
 */
export async function openCheckedSession(engine: InferenceEngine, pack: ModelPack): Promise<CheckedSession> {
  const refusals: string[] = [];
  for (const arithmetic of pack.weights.isQuantised ? engine.arithmetics : (["float32"] as const)) {
    try {
      const session = await engine.compile(embedders[pack.manifest.embedder.name], pack.weights, arithmetic);
      await check(session, arithmetic, pack).catch(async (error) => {
        await session.close();
        throw error;
      });
      return { session, arithmetic, refusals };
    } catch (error) {
      refusals.push(`not by ${arithmetic}: ${(error as Error).message}`);
    }
  }
  throw new Error(
    `Expected engine ${engine.name} to embed the faces that pack ${pack.manifest.name} brings: ${refusals.join("; ")}`,
  );
}

/** @throws Error when the session does not make of the pack's crops what it must. */
async function check(session: Session<"embedding">, arithmetic: Arithmetic, pack: ModelPack): Promise<void> {
  const isInFloat = pack.weights.isQuantised && arithmetic === "float32";
  const expected = isInFloat ? agreement.integersInFloat : agreement.real;
  const cosine = await lowestCosine(session, pack);
  if (cosine >= expected) return;
  throw new Error(`the check of pack ${pack.manifest.name} expects a cosine of ${expected} but it is ${cosine}`);
}

/** Between what the session makes of the pack's crops and what it must make. */
async function lowestCosine(session: Session<"embedding">, pack: ModelPack): Promise<number> {
  const crops = checkCrops(pack);
  const { embedding } = await session.run(crops);
  const expected = pack.weights.read("check/embeddings");
  const { dimensions } = pack.manifest.embedder;
  const cosines = Array.from({ length: crops.shape[0] }, (_, row) =>
    dot(l2Normalise(rowOf(embedding, row)), expected.subarray(row * dimensions, (row + 1) * dimensions)),
  );
  return Math.min(...cosines);
}

function checkCrops({ manifest, weights }: ModelPack): Tensor {
  const { inputSize, standardisation } = manifest.embedder;
  const data = weights.read("check/crops").map((pixel) => (pixel - standardisation.mean) / standardisation.scale);
  return { data, shape: [data.length / (inputSize * inputSize * 3), inputSize, inputSize, 3] };
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
