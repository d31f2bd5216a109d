import type { Face, ImageInfo } from "@facefleet/client";
import { strokeDigits } from "./stroke-digits.js";

const boxColor = "#00e05a";
const landmarkColor = "#ff2e88";

/** An SVG of the upright image's size with each face's box, landmarks and confidence. */
export function faceOverlay({ width, height }: Pick<ImageInfo, "width" | "height">, faces: readonly Face[]): string {
  const line = Math.min(Math.max(Math.max(width, height) / 500, 1), 8);
  const drawn = faces.map((face) => faceDrawing(face, line)).join("");
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${drawn}</svg>`;
}

function faceDrawing({ box, landmarks, confidence }: Face, line: number): string {
  const rectangle =
    `<rect x="${box.x}" y="${box.y}" width="${box.width}" height="${box.height}" ` +
    `fill="none" stroke="${boxColor}" stroke-width="${line}"/>`;
  const dots = Object.values(landmarks ?? {})
    .map(({ x, y }) => `<circle cx="${x}" cy="${y}" r="${line * 1.5}" fill="${landmarkColor}"/>`)
    .join("");
  return rectangle + dots + label(confidence.toFixed(3), box, line);
}

/** The confidence on a dark plate above the box, or inside it where there is no room above. */
function label(text: string, box: Face["box"], line: number): string {
  const digit = Math.max(box.width / 20, line * 2);
  const digits = strokeDigits(text);
  const plateWidth = (digits.width + 1) * digit;
  const plateHeight = (digits.height + 1) * digit;
  const x = Math.max(box.x, 0);
  const y = box.y >= plateHeight ? box.y - plateHeight : Math.max(box.y, 0);
  return (
    `<g transform="translate(${x} ${y})"><rect width="${plateWidth}" height="${plateHeight}" fill="#000" fill-opacity=".7"/>` +
    `<path transform="translate(${digit / 2} ${digit / 2}) scale(${digit})" d="${digits.path}" fill="none" ` +
    `stroke="${boxColor}" stroke-width=".3" stroke-linecap="round"/></g>`
  );
}
