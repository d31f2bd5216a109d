import { type CallOptions, type DynamicBatcher, type StageBatcher, ThreadTurn } from "../batching/index.js";
import { type InferenceEngine, runEach, type Session, type Tensor } from "../engines/index.js";
import { AreaResizer, type RgbImage } from "../imaging/index.js";
import { type ModelPack, openYunetWeights, type PackManifest, type WeightsFile } from "../models/index.js";
import { onet, yunet } from "../nets/index.js";
import { type CandidateBox, toSquare } from "./candidate-box.js";
import { type CandidateCrop, cropCandidates, cropJudge, onetBatchSize } from "./candidate-crop.js";
import type { DetectionInput, Detector, ImageDetections } from "./detector.js";
import { overUnion, suppressNonMaxima } from "./non-maximum-suppression.js";
import { type OnetJudgement, refinedByOnet } from "./onet-judgement.js";
import { type Tile, tileSide, tilesOf } from "./tiles.js";
import { cellsAbove } from "./yunet-cells.js";

/** Pixels of all tiles in one batch, and in one run where there are several. */
const batchPixels = tileSide * tileSide;
const runPixels = 327_680;
/** Rows of a tile that are made before whoever else waits for the thread may have it. */
const rowsAtOnce = 32;
/** What the sides of an input are multiples of. */
const inputStep = 32;

interface ImageTile extends Tile {
  readonly image: RgbImage;
}

interface SearchedTile {
  /** In pixels of the image. */
  readonly boxes: CandidateBox[];
  /** What the tile took to make. */
  readonly pyramidMs: number;
  /** Images in the batch that it was in. */
  readonly batchSize: number;
}

interface YunetSessions {
  readonly yunet: Session<"stride8" | "stride16" | "stride32">;
  readonly onet: Session<"logits" | "offsets" | "landmarks">;
}

/**
 * YuNet (see its network), with the box and the landmarks of each face refined by MTCNN's O-Net: FaceNet was trained on crops
 * around such boxes. The score is YuNet's.
 */
export class Yunet implements Detector {
  readonly bytesPerPixel = 0;
  private readonly tiles: DynamicBatcher<ImageTile, SearchedTile>;
  private readonly outputs: DynamicBatcher<CandidateCrop, OnetJudgement>;

  private constructor(
    private readonly sessions: YunetSessions,
    private readonly weights: WeightsFile,
    private readonly settings: PackManifest["detectors"]["yunet"],
    { detectors }: PackManifest,
    batcher: StageBatcher,
  ) {
    this.tiles = batcher({
      stage: "propose",
      maxBatchOf: "calls",
      weight: { of: tilePixels, max: batchPixels },
      run: (tiles: readonly ImageTile[]) => this.search(tiles),
    });
    this.outputs = batcher({
      stage: "output",
      maxBatchSize: onetBatchSize,
      run: cropJudge(sessions.onet, 48, detectors.mtcnn.standardisation),
    });
  }

  static async load(engine: InferenceEngine, { manifest, weights }: ModelPack, batcher: StageBatcher): Promise<Yunet> {
    const own = await openYunetWeights();
    const sessions = { yunet: await engine.compile(yunet, own), onet: await engine.compile(onet, weights) };
    return new Yunet(sessions, own, manifest.detectors.yunet, manifest, batcher);
  }

  async detect({ image, minFaceSize }: DetectionInput, call?: CallOptions): Promise<ImageDetections> {
    const { smallestFace, nms } = this.settings;
    const tiles = tilesOf(image, minFaceSize, smallestFace).map((tile) => ({ ...tile, image }));
    const searched = await this.tiles.submit(tiles, call);
    const found = await suppressNonMaxima(
      searched.flatMap(({ boxes }) => boxes),
      nms,
      overUnion,
      call,
    );
    const crops = cropCandidates(new AreaResizer(image), found.map(toSquare));
    const judged = await this.outputs.submit(crops, call);
    return {
      detections: crops.map(({ box }, i) => refinedByOnet(box, judged[i]!)),
      pyramidMs: searched.reduce((sum, { pyramidMs }) => sum + pyramidMs, 0),
      batchSize: searched[0]?.batchSize ?? 1,
    };
  }

  async warmUp(): Promise<void> {
    const blank = (side: number): Tensor => ({ data: new Float32Array(side * side * 3), shape: [1, side, side, 3] });
    await this.sessions.yunet.run(blank(96));
    await this.sessions.onet.run(blank(48));
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.sessions).map((session) => session.close()));
    this.weights.close();
  }

  /** What is seen in each tile. Those of equal size share runs: padding one to another's size would change what it sees. */
  private async search(tiles: readonly ImageTile[]): Promise<SearchedTile[]> {
    const batchSize = new Set(tiles.map(({ image }) => image)).size;
    const searched = new Map<ImageTile, SearchedTile>();
    const runs = runsOf(tiles).map((alike) => {
      let pyramidMs: readonly number[] = [];
      return {
        length: alike.reduce((sum, tile) => sum + tilePixels(tile) * 3, 0),
        write: async (memory: Float32Array) => {
          const { stack, ...made } = await stackTiles(alike, memory);
          pyramidMs = made.pyramidMs;
          return stack;
        },
        read: (grids: Readonly<Record<"stride8" | "stride16" | "stride32", Tensor>>) => {
          for (const [index, tile] of alike.entries()) {
            const boxes = [
              ...cellsAbove(this.settings.threshold, grids.stride8, 8, index),
              ...cellsAbove(this.settings.threshold, grids.stride16, 16, index),
              ...cellsAbove(this.settings.threshold, grids.stride32, 32, index),
            ];
            searched.set(tile, { boxes: ownedBy(tile, boxes), pyramidMs: pyramidMs[index]!, batchSize });
          }
        },
      };
    });
    await runEach(this.sessions.yunet, runs);
    return tiles.map((tile) => searched.get(tile)!);
  }
}

async function stackTiles(
  tiles: readonly ImageTile[],
  data: Float32Array,
): Promise<{ stack: Tensor; pyramidMs: number[] }> {
  const { width, height } = inputSize(tiles[0]!);
  const length = width * height * 3;
  const pyramidMs: number[] = [];
  for (const [i, tile] of tiles.entries()) {
    const started = performance.now();
    await writeTile(tile, width, data.subarray(i * length, (i + 1) * length));
    pyramidMs.push(performance.now() - started);
  }
  return { stack: { data, shape: [tiles.length, height, width, 3] }, pyramidMs };
}

/** Of a tile, its sides made multiples of what the network takes. */
function inputSize({ part }: Tile): { width: number; height: number } {
  const padded = (length: number) => Math.ceil(length / inputStep) * inputStep;
  return { width: padded(part.right - part.left), height: padded(part.bottom - part.top) };
}

function tilePixels(tile: Tile): number {
  const { width, height } = inputSize(tile);
  return width * height;
}

/** Pixels as they are, 0 to 255, row by row; black to the right and below. */
async function writeTile({ image, level, part }: ImageTile, width: number, out: Float32Array): Promise<void> {
  const resizer = new AreaResizer(image);
  const turn = new ThreadTurn();
  out.fill(0);
  for (let top = part.top; top < part.bottom; top += rowsAtOnce) {
    const rows = { ...part, top, bottom: Math.min(part.bottom, top + rowsAtOnce) };
    resizer.resizePart(level, rows, { mean: 0, scale: 1 }, out.subarray((top - part.top) * width * 3), width * 3);
    if (turn.isOver) await turn.pass();
  }
}

/** Groups tiles of equal size, and cuts groups that are too large for one run. */
function runsOf(tiles: readonly ImageTile[]): ImageTile[][] {
  const runs: ImageTile[][] = [];
  const open = new Map<string, ImageTile[]>();
  for (const tile of tiles) {
    const { width, height } = inputSize(tile);
    const key = `${width}x${height}`;
    const run = open.get(key);
    if (run && (run.length + 1) * width * height <= runPixels) {
      run.push(tile);
    } else {
      const fresh = [tile];
      runs.push(fresh);
      open.set(key, fresh);
    }
  }
  return runs;
}

/** The boxes that are the tile's, in pixels of the image. */
function ownedBy({ image, level, part, core, largestFace }: ImageTile, boxes: readonly CandidateBox[]): CandidateBox[] {
  const across = image.width / level.width;
  const down = image.height / level.height;
  return boxes
    .map((box) => moved(box, part.left, part.top))
    .filter(({ x1, y1, x2, y2 }) => {
      const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
      const isHere = x >= core.left && x < core.right && y >= core.top && y < core.bottom;
      return isHere && Math.max(x2 - x1, y2 - y1) <= largestFace;
    })
    .map(({ x1, y1, x2, y2, score }) => ({ x1: x1 * across, y1: y1 * down, x2: x2 * across, y2: y2 * down, score }));
}

function moved({ x1, y1, x2, y2, score }: CandidateBox, right: number, down: number): CandidateBox {
  return { x1: x1 + right, y1: y1 + down, x2: x2 + right, y2: y2 + down, score };
}
