// Draws the faces that the tests look at, so that no photo of anybody is needed: tests/assets/*.png, one of them also as
// the sample of the console, and in portraits.json where each face's parts were drawn. With --check nothing is written: it draws again and fails
// when a file is not as it would be. Renderers differ a little, so pictures are compared by their mean difference;
// that would miss another colour of the eyes, so portraits.json holds a digest of each drawing too.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { pictures } from "./portrait/people.mjs";
import { pictureSvg } from "./portrait/picture.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const assets = join(root, "tests", "assets");
const sample = join(root, "apps", "console", "src", "try", "sample.webp");
const largestMeanDifference = 1; // of 255

async function main() {
  const drawn = await Promise.all(
    Object.entries(pictures).map(async ([name, picture]) => [join(assets, name), await render(pictureSvg(picture))]),
  );
  const twoPortraits = pictureSvg(pictures["two-portraits.png"]);
  drawn.push([sample, await sharp(Buffer.from(twoPortraits)).removeAlpha().webp({ quality: 84 }).toBuffer()]);
  const places = `${JSON.stringify(Object.fromEntries(Object.entries(pictures).map(placesOf)), undefined, 2)}\n`;
  if (process.argv.includes("--check")) return check(drawn, places);
  mkdirSync(assets, { recursive: true });
  for (const [file, bytes] of drawn) writeFileSync(file, bytes);
  writeFileSync(join(assets, "portraits.json"), places);
}

function render(svg) {
  return sharp(Buffer.from(svg)).removeAlpha().png({ compressionLevel: 9, adaptiveFiltering: true }).toBuffer();
}

async function check(drawn, places) {
  const stale = [];
  const portraits = join(assets, "portraits.json");
  if (readFileSync(portraits, "utf8") !== places) stale.push(portraits);
  for (const [file, bytes] of drawn) {
    if ((await meanDifference(bytes, file)) >= largestMeanDifference) stale.push(file);
  }
  for (const file of stale) {
    process.stderr.write(`${relative(root, file)} is stale: run node scripts/draw-portrait.mjs\n`);
  }
  if (stale.length > 0) process.exitCode = 1;
}

/** Mean absolute difference of all channel values, 0 to 255; Infinity for pictures of different sizes. */
async function meanDifference(...images) {
  const [a, b] = await Promise.all(images.map((image) => sharp(image).raw().toBuffer({ resolveWithObject: true })));
  if (["width", "height", "channels"].some((key) => a.info[key] !== b.info[key])) return Number.POSITIVE_INFINITY;
  return a.data.reduce((sum, value, index) => sum + Math.abs(value - b.data[index]), 0) / a.data.length;
}

/** Where each face's parts lie, in pixels; left and right are the viewer's, as in a detector's landmarks. */
function placesOf([name, picture]) {
  const { width, height, people } = picture;
  const drawing = createHash("sha256").update(pictureSvg(picture)).digest("hex");
  return [name, { width, height, drawing, faces: people.map(faceOf) }];
}

function faceOf(person) {
  const { eyes, nose, mouth, smile, width, chin } = person.shape;
  const place = (x, y) => toPicture(person, x, y);
  const outline = [place(-width, 0), place(width, 0), place(0, -0.62 * chin), place(0, chin)];
  const [left, right] = [outline[0].x, outline[1].x];
  const [top, bottom] = [outline[2].y, outline[3].y];
  return {
    box: { x: left, y: top, width: round(right - left), height: round(bottom - top) },
    landmarks: {
      leftEye: place(-eyes, 0),
      rightEye: place(eyes, 0),
      nose: place(0, nose),
      mouthLeft: place(-smile, mouth),
      mouthRight: place(smile, mouth),
    },
  };
}

function toPicture({ at, scale, tilt }, x, y) {
  const [sin, cos] = [Math.sin((tilt * Math.PI) / 180), Math.cos((tilt * Math.PI) / 180)];
  return { x: round(at[0] + scale * (x * cos - y * sin)), y: round(at[1] + scale * (x * sin + y * cos)) };
}

function round(value) {
  return Math.round(value * 10) / 10;
}

await main();
