/**
 * Digits made of the seven strokes of a pocket calculator, so that numbers can be drawn on an image without
 * any font being installed. Strokes: top, upper left, upper right, middle, lower left, lower right, bottom.
 */
const strokes: readonly string[] = ["M0 0h1", "M0 0v1", "M1 0v1", "M0 1h1", "M0 1v1", "M1 1v1", "M0 2h1"];

const lit: Readonly<Record<string, readonly number[]>> = {
  "0": [0, 1, 2, 4, 5, 6],
  "1": [2, 5],
  "2": [0, 2, 3, 4, 6],
  "3": [0, 2, 3, 5, 6],
  "4": [1, 2, 3, 5],
  "5": [0, 1, 3, 5, 6],
  "6": [0, 1, 3, 4, 5, 6],
  "7": [0, 2, 5],
  "8": [0, 1, 2, 3, 4, 5, 6],
  "9": [0, 1, 2, 3, 5, 6],
};

const digitAdvance = 1.7;
const pointAdvance = 0.7;

/** A number such as "0.998" as SVG path data and its size, in units of a digit's width (digits are 2 units high). */
export function strokeDigits(text: string): { path: string; width: number; height: number } {
  let x = 0;
  let path = "";
  for (const character of text) {
    path += character === "." ? `M${round(x - 0.1)} 2h.01` : digitPath(character, x);
    x += character === "." ? pointAdvance : digitAdvance;
  }
  return { path, width: round(x - (digitAdvance - 1)), height: 2 };
}

function digitPath(digit: string, x: number): string {
  return (lit[digit] ?? [])
    .map((stroke) => strokes[stroke]!.replace(/^M(\d)/, (_, at) => `M${round(x + Number(at))}`))
    .join("");
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
