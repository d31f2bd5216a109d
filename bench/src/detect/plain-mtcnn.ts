import type { InferenceEngine, Session, Tensor } from "@facefleet/core";
import {
  type CandidateBox,
  imagePyramid,
  onet,
  overSmaller,
  overUnion,
  pnet,
  type RgbImage,
  regress,
  rnet,
  toSquare,
} from "@facefleet/core/internals";
import type { ModelPack } from "@facefleet/core/models";
import { plainResize } from "./plain-resize.js";

/** A box and what a network says that its edges should move by. */
interface Judged extends CandidateBox {
  readonly offsets: Float32Array;
}

type Overlap = (a: CandidateBox, b: CandidateBox) => number;
type Judge = Session<"logits" | "offsets">;

/**
 * MTCNN as it is told in one page, the yardstick for the one that is used: each level of the pyramid is resized from
 * the whole image and run by itself, the networks are graphs as the paper draws them, every pair of boxes is compared.
 */
export class PlainMtcnn {
  private constructor(
    private readonly sessions: Readonly<Record<"pnet" | "rnet" | "onet", Judge>>,
    private readonly settings: ModelPack["manifest"]["detectors"]["mtcnn"],
  ) {}

  /** @param engine One that runs networks as they are written. */
  static async load(engine: InferenceEngine, { manifest, weights }: ModelPack): Promise<PlainMtcnn> {
    const sessions = {
      pnet: await engine.compile(pnet, weights),
      rnet: await engine.compile(rnet, weights),
      onet: await engine.compile(onet, weights),
    };
    return new PlainMtcnn(sessions, manifest.detectors.mtcnn);
  }

  async detect(image: RgbImage, minFaceSize: number): Promise<CandidateBox[]> {
    const { nms, thresholds } = this.settings;
    const proposed = await this.propose(image, minFaceSize);
    const refined = await this.judge(this.sessions.rnet, image, proposed, 24);
    const believed = suppress(above(refined, thresholds[1]), nms.refine, overUnion);
    const squares = believed.map((box) => toSquare(regress(box, box.offsets, 1)));
    const judged = above(await this.judge(this.sessions.onet, image, squares, 48), thresholds[2]);
    const moved = judged.map((box) => regress(box, box.offsets, 1)).sort((a, b) => b.x1 - a.x1);
    return suppress(moved, nms.output, overSmaller);
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.sessions).map((session) => session.close()));
  }

  private async propose(image: RgbImage, minFaceSize: number): Promise<CandidateBox[]> {
    const { nms, pyramidFactor, standardisation } = this.settings;
    const kept: Judged[] = [];
    for (const { width, height, scale } of imagePyramid(image.width, image.height, minFaceSize, pyramidFactor)) {
      const data = new Float32Array(width * height * 3);
      plainResize(image, whole(image), { width, height }, standardisation, data, 0);
      const output = await this.sessions.pnet.run({ data, shape: [1, height, width, 3] });
      kept.push(...suppress(this.cells(output, scale).reverse(), nms.level, overUnion));
    }
    return suppress(kept, nms.pyramid, overUnion).map((box) => toSquare(regress(box, box.offsets, 0)));
  }

  private cells({ logits, offsets }: Record<"logits" | "offsets", Tensor>, scale: number): Judged[] {
    const columns = logits.shape[2];
    const boxes: Judged[] = [];
    for (let cell = 0; cell < logits.data.length / 2; cell++) {
      const score = probability(logits.data, cell);
      if (score < this.settings.thresholds[0]) continue;
      const [x, y] = [2 * (cell % columns), 2 * Math.floor(cell / columns)];
      const at = (pixel: number) => Math.floor(Math.fround(pixel / Math.fround(scale)));
      boxes.push({ x1: at(x + 1), y1: at(y + 1), x2: at(x + 12), y2: at(y + 12), score, offsets: row(offsets, cell) });
    }
    return boxes;
  }

  private async judge(session: Judge, image: RgbImage, boxes: readonly CandidateBox[], side: number) {
    const inside = boxes.flatMap((box) => {
      const region = regionOf(box, image);
      return region.right > region.left && region.bottom > region.top ? [{ box, region }] : [];
    });
    if (inside.length === 0) return [];
    const size = { width: side, height: side };
    const data = new Float32Array(inside.length * side * side * 3);
    for (const [i, { region }] of inside.entries()) {
      plainResize(image, region, size, this.settings.standardisation, data, i * side * side * 3);
    }
    const { logits, offsets } = await session.run({ data, shape: [inside.length, side, side, 3] });
    return inside.map(
      ({ box }, i): Judged => ({ ...box, score: probability(logits.data, i), offsets: row(offsets, i) }),
    );
  }
}

function above(boxes: readonly Judged[], threshold: number): Judged[] {
  return boxes.filter(({ score }) => score > threshold);
}

function suppress<Box extends CandidateBox>(boxes: readonly Box[], threshold: number, overlap: Overlap): Box[] {
  const kept: Box[] = [];
  for (const box of [...boxes].sort((a, b) => b.score - a.score)) {
    if (kept.every((better) => overlap(better, box) <= threshold)) kept.push(box);
  }
  return kept;
}

function probability(logits: Float32Array, cell: number): number {
  return Math.fround(1 / Math.fround(1 + Math.exp(logits[2 * cell]! - logits[2 * cell + 1]!)));
}

function row({ data, shape }: Tensor, index: number): Float32Array {
  return data.subarray(index * shape[3], (index + 1) * shape[3]);
}

function whole({ width, height }: RgbImage) {
  return { left: 0, top: 0, right: width, bottom: height };
}

function regionOf(box: CandidateBox, image: RgbImage) {
  return {
    left: Math.max(1, Math.trunc(box.x1)) - 1,
    top: Math.max(1, Math.trunc(box.y1)) - 1,
    right: Math.min(image.width, Math.trunc(box.x2)),
    bottom: Math.min(image.height, Math.trunc(box.y2)),
  };
}
