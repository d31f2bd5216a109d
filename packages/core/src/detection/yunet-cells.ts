import { rowOf, type Tensor } from "../engines/index.js";
import type { CandidateBox } from "./candidate-box.js";

/**
 * The cells of one of YuNet's grids that see a face, as boxes in pixels of what it looked at. A cell's channels are as the
 * network says.
 *
 * @param image which one of the batch
 * @param threshold lowest score, above 0
 */
export function cellsAbove(threshold: number, grid: Tensor, stride: number, image: number): CandidateBox[] {
  const [, rows, columns, channels] = grid.shape;
  const boxes: CandidateBox[] = [];
  // A score is the geometric mean of two probabilities: neither is below its square. Most cells fail this, at no cost.
  const lowestLogit = logit(threshold * threshold) - 1e-6;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const cell = (image * rows + row) * columns + column;
      if (grid.data[cell * channels]! < lowestLogit) continue;
      const [face, centre, right, below, logWidth, logHeight] = rowOf(grid, cell) as unknown as CellChannels;
      const score = Math.sqrt(probability(face) * probability(centre));
      if (score < threshold) continue;
      const x = (column + right) * stride;
      const y = (row + below) * stride;
      const halfWidth = (Math.exp(logWidth) * stride) / 2;
      const halfHeight = (Math.exp(logHeight) * stride) / 2;
      boxes.push({ x1: x - halfWidth, y1: y - halfHeight, x2: x + halfWidth, y2: y + halfHeight, score });
    }
  }
  return boxes;
}

type CellChannels = readonly [
  face: number,
  centre: number,
  right: number,
  below: number,
  logWidth: number,
  logHeight: number,
];

function probability(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

function logit(probability: number): number {
  return Math.log(probability / (1 - probability));
}
