import type { CandidateBox } from "./candidate-box.js";

/**
 * Boxes by the squares of a grid that they touch, so that a box is compared with its neighbours only:
 * suppression among the tens of thousands of candidates of a large crowd stays linear.
 */
export class BoxGrid<Box extends CandidateBox> {
  private readonly cells = new Map<number, Box[]>();
  private readonly side: number;

  /** @param boxes Tell how large boxes are: the grid's squares are as large as their mean. */
  constructor(boxes: readonly CandidateBox[]) {
    const sides = boxes.reduce((sum, { x1, y1, x2, y2 }) => sum + Math.max(x2 - x1, y2 - y1), 0);
    this.side = Math.max(1, sides / Math.max(1, boxes.length));
  }

  add(box: Box): void {
    for (const cell of this.touched(box)) {
      const inCell = this.cells.get(cell);
      if (inCell) inCell.push(box);
      else this.cells.set(cell, [box]);
    }
  }

  /** Whether a box that was added, and shares a square with this one, passes the test. */
  someNear(box: CandidateBox, test: (near: Box) => boolean): boolean {
    for (const cell of this.touched(box)) {
      if (this.cells.get(cell)?.some(test)) return true;
    }
    return false;
  }

  private *touched({ x1, y1, x2, y2 }: CandidateBox): Generator<number> {
    const { side } = this;
    // Boxes are taken a pixel larger: some measures count their last pixel in.
    for (let row = Math.floor(y1 / side); row <= Math.floor((y2 + 1) / side); row++) {
      for (let column = Math.floor(x1 / side); column <= Math.floor((x2 + 1) / side); column++) {
        yield row * columnsPerRow + column;
      }
    }
  }
}

/** More than the columns of any image, so that each square has a number of its own. */
const columnsPerRow = 2 ** 26;
