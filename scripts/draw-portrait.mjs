// Draws the faces that the tests look at, so that no photo of anybody is needed: tests/assets/*.png, and in
// portraits.json where each face's parts were drawn. With --check nothing is written: it draws again and fails
// when a file is not as it would be. Renderers differ a little, so pictures are compared by their mean difference;
// that would miss another colour of the eyes, so portraits.json holds a digest of each drawing too.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const sharp = createRequire(join(root, "packages", "core", "package.json"))("sharp");
const assets = join(root, "tests", "assets");
const largestMeanDifference = 1; // of 255

// A face is drawn in a frame of its own: the origin between the eyes, x to the picture's right, y down, one unit
// a pixel at scale 1. `at`, `scale` and `tilt` (degrees) place the frame in the picture.
const ada = {
  at: [240, 292],
  scale: 1,
  tilt: -2,
  shape: { width: 107, jaw: 92, chin: 176, eyes: 48, nose: 70, mouth: 111, smile: 42, brow: -30, lips: 1 },
  skin: { light: "#f7d3b4", base: "#dda67e", shade: "#a9683f", deep: "#7d4430", blush: "#dc8a70" },
  hair: { style: "long", light: "#9a6238", base: "#5b3520", dark: "#2b170e", brow: "#4a2c1b" },
  iris: ["#7fa56b", "#2f4a2c"],
  lips: ["#d0655f", "#a23f43"],
  cloth: ["#3f8c8c", "#1f4f58"],
};
const ben = {
  at: [218, 236],
  scale: 0.8,
  tilt: 4,
  shape: { width: 110, jaw: 103, chin: 186, eyes: 49, nose: 70, mouth: 115, smile: 43, brow: -30, lips: 0.75 },
  skin: { light: "#c68a5f", base: "#94603d", shade: "#633a24", deep: "#351b10", blush: "#8e3f2a" },
  hair: { style: "short", light: "#4a3a33", base: "#241b18", dark: "#0f0a09", brow: "#1a110d" },
  iris: ["#6b4426", "#23120a"],
  lips: ["#94524a", "#6f3a33"],
  stubble: 0.45,
  cloth: ["#d9a441", "#8f6120"],
};
const cleo = {
  at: [578, 246],
  scale: 0.74,
  tilt: -4,
  shape: { width: 104, jaw: 86, chin: 172, eyes: 47, nose: 62, mouth: 106, smile: 38, brow: -34, lips: 1.1 },
  skin: { light: "#fbd7b0", base: "#e2aa7c", shade: "#ad7149", deep: "#6b3b24", blush: "#d06a55" },
  hair: { style: "bun", light: "#d9d4cf", base: "#a29b98", dark: "#5f5857", brow: "#7c706b" },
  iris: ["#7d9fc4", "#2c4263"],
  lips: ["#c4565f", "#933542"],
  cloth: ["#8a5a9e", "#4c2f63"],
};
const pictures = {
  "portrait.png": { width: 480, height: 640, backdrop: ["#dfe9e4", "#8fb0ad"], people: [ada] },
  "two-portraits.png": { width: 800, height: 500, backdrop: ["#f1e6d6", "#b79f8c"], people: [ben, cleo] },
};

async function main() {
  const drawn = await Promise.all(
    Object.entries(pictures).map(async ([name, picture]) => [name, await render(pictureSvg(picture))]),
  );
  const places = `${JSON.stringify(Object.fromEntries(Object.entries(pictures).map(placesOf)), undefined, 2)}\n`;
  if (process.argv.includes("--check")) return check(drawn, places);
  mkdirSync(assets, { recursive: true });
  for (const [name, png] of drawn) writeFileSync(join(assets, name), png);
  writeFileSync(join(assets, "portraits.json"), places);
}

function render(svg) {
  return sharp(Buffer.from(svg)).removeAlpha().png({ compressionLevel: 9, adaptiveFiltering: true }).toBuffer();
}

async function check(drawn, places) {
  const stale = [];
  if (readFileSync(join(assets, "portraits.json"), "utf8") !== places) stale.push("portraits.json");
  for (const [name, png] of drawn) {
    if ((await meanDifference(png, join(assets, name))) >= largestMeanDifference) stale.push(name);
  }
  for (const name of stale) process.stderr.write(`tests/assets/${name} is stale: run node scripts/draw-portrait.mjs\n`);
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

/** Numbers have two decimals at most, so that no platform's arithmetic shows in the digest. */
function pictureSvg({ width, height, backdrop, people }) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">
    <defs>${radial(
      "backdrop",
      [0.35, 0.3, 0.85],
      [
        [0, backdrop[0]],
        [1, backdrop[1]],
      ],
    )}${[1, 2, 4, 8, 14, 30].map(blur).join("")}</defs>
    <rect width="100%" height="100%" fill="url(#backdrop)"/>
    ${backdropLights(width, height)}
    ${people.map(personSvg).join("")}
  </svg>`;
  return svg.replace(/-?\d+\.\d{3,}(?:e-\d+)?/g, (number) => String(Math.round(Number(number) * 100) / 100));
}

function backdropLights(width, height) {
  const lights = [
    [0.08, 0.2, 46],
    [0.9, 0.14, 60],
    [0.82, 0.55, 38],
    [0.14, 0.66, 54],
    [0.5, 0.05, 34],
  ];
  return lights.map(([x, y, r]) => spot(x * width, y * height, r, r, "#ffffff", 0.22, 14)).join("");
}

/** One person in front of the backdrop, drawn from the back to the front. */
function personSvg(person, index) {
  const id = (name) => `${name}-${index}`;
  const { at, scale, tilt } = person;
  return `<defs>${personDefs(person, id)}</defs>
  <g transform="translate(${at}) scale(${scale})">
    ${hairBehind(person, id)}${body(person, id)}
    <g transform="rotate(${tilt})">
      ${person.hair.style === "long" ? "" : ears(person)}
      <path d="${faceOutline(person.shape)}" fill="url(#${id("skin")})"/>
      <g clip-path="url(#${id("face")})">${faceShading(person)}${nose(person)}</g>
      ${eye(person, id, -1)}${eye(person, id, 1)}${brow(person, -1)}${brow(person, 1)}${mouth(person, id)}
      ${hairInFront(person, id)}
    </g>
  </g>`;
}

function personDefs({ shape, skin, hair, iris, lips, cloth }, id) {
  return [
    radial(
      id("skin"),
      [0.4, 0.38, 0.72],
      [
        [0, skin.light],
        [0.55, skin.base],
        [1, skin.shade],
      ],
    ),
    radial(
      id("iris"),
      [0.5, 0.62, 0.55],
      [
        [0, iris[0]],
        [0.6, iris[0]],
        [1, iris[1]],
      ],
    ),
    linear(id("hair"), [
      [0, hair.light],
      [0.45, hair.base],
      [1, hair.dark],
    ]),
    linear(id("neck"), [
      [0, skin.shade],
      [0.5, skin.base],
      [1, skin.base],
    ]),
    linear(
      id("cloth"),
      cloth.map((colour, stop) => [stop, colour]),
    ),
    linear(id("lower"), [
      [0, lips[0]],
      [1, lips[1]],
    ]),
    `<clipPath id="${id("face")}"><path d="${faceOutline(shape)}"/></clipPath>`,
    `<clipPath id="${id("lids")}"><path d="${lids}"/></clipPath>`,
  ].join("");
}

function radial(id, [x, y, r], stops) {
  return `<radialGradient id="${id}" cx="${x}" cy="${y}" r="${r}">${stops.map(stop).join("")}</radialGradient>`;
}

function linear(id, stops) {
  return `<linearGradient id="${id}" x1="0.3" y1="0" x2="0.6" y2="1">${stops.map(stop).join("")}</linearGradient>`;
}

function stop([offset, colour]) {
  return `<stop offset="${offset}" stop-color="${colour}"/>`;
}

function blur(radius) {
  return `<filter id="blur${radius}" x="-100%" y="-100%" width="300%" height="300%"><feGaussianBlur stdDeviation="${radius}"/></filter>`;
}

/** A soft ellipse of light or shadow. */
function spot(x, y, rx, ry, colour, opacity, softness) {
  return `<ellipse cx="${x}" cy="${y}" rx="${rx}" ry="${ry}" fill="${colour}" opacity="${opacity}" filter="url(#blur${softness})"/>`;
}

function stroke(d, colour, width, opacity = 1, softness = 0) {
  const filter = softness > 0 ? ` filter="url(#blur${softness})"` : "";
  return `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round" opacity="${opacity}"${filter}/>`;
}

function fill(d, paint, opacity = 1, softness = 0) {
  const filter = softness > 0 ? ` filter="url(#blur${softness})"` : "";
  return `<path d="${d}" fill="${paint}" opacity="${opacity}"${filter}/>`;
}

function faceOutline({ width: w, jaw: j, chin: c }) {
  const half = (s) =>
    `C${s * w * 0.7},-150 ${s * w},-85 ${s * w},-5 C${s * w},60 ${s * j},${c * 0.6} ${s * j * 0.72},${c * 0.78}`;
  const back = `C${-j},${c * 0.6} ${-w},60 ${-w},-5 C${-w},-85 ${-w * 0.7},-150 0,-150 Z`;
  return `M0,-150 ${half(1)} C${j * 0.5},${c * 0.95} ${j * 0.25},${c} 0,${c} C${-j * 0.25},${c} ${-j * 0.5},${c * 0.95} ${-j * 0.72},${c * 0.78} ${back}`;
}

function body({ shape: { jaw, chin }, skin, cloth }, id) {
  const n = jaw * 0.62;
  const neckline = `M${-n - 34},${chin + 56} C${-n + 6},${chin + 104} ${n - 6},${chin + 104} ${n + 34},${chin + 56}`;
  return `<clipPath id="${id("neck-clip")}"><path d="${neckOutline(n, chin)}"/></clipPath>
    <g clip-path="url(#${id("neck-clip")})">
      ${fill(neckOutline(n, chin), `url(#${id("neck")})`)}
      ${spot(8, chin + 4, n + 12, 38, skin.deep, 0.55, 8)}${stroke(`M${n + 4},${chin - 40} V${chin + 60}`, skin.deep, 20, 0.3, 8)}
      ${[-1, 1].map((s) => stroke(`M${s * (n - 18)},${chin + 36} L${s * 10},${chin + 88}`, skin.shade, 6, 0.35, 4)).join("")}
    </g>
    ${fill(`M-260,420 C-250,${chin + 110} -190,${chin + 84} ${neckline.slice(1)} C190,${chin + 84} 250,${chin + 110} 260,420 Z`, `url(#${id("cloth")})`)}
    ${stroke(neckline, cloth[1], 9, 0.75)}${stroke(neckline, cloth[0], 3, 0.9)}
    ${[-1, 1].map((s) => stroke(`M${s * 150},430 C${s * 150},${chin + 170} ${s * 140},${chin + 130} ${s * 120},${chin + 110}`, cloth[1], 12, 0.45, 4)).join("")}`;
}

function neckOutline(n, chin) {
  return `M${-n},${chin * 0.6} C${-n},${chin + 30} ${-n - 4},${chin + 50} ${-n - 60},${chin + 76} L0,${chin + 150} L${n + 60},${chin + 76} C${n + 4},${chin + 50} ${n},${chin + 30} ${n},${chin * 0.6} Z`;
}

function ears({ shape: { width: w }, skin }) {
  const ear = (s) => {
    const shell = `M${s * (w - 6)},-8 C${s * (w + 22)},-26 ${s * (w + 24)},14 ${s * (w + 12)},44 C${s * (w + 6)},62 ${s * (w - 8)},60 ${s * (w - 10)},44 Z`;
    const fold = `M${s * (w + 2)},0 C${s * (w + 14)},-2 ${s * (w + 12)},22 ${s * (w + 2)},40`;
    return fill(shell, s < 0 ? skin.base : skin.shade) + stroke(fold, skin.deep, 5, 0.35, 2);
  };
  return ear(-1) + ear(1);
}

/** Light from the upper left: what turns away from it, or lies in a hollow, is darker. */
function faceShading({ shape, skin, hair, stubble = 0 }) {
  const { width: w, chin: c, eyes: e, mouth: m, nose: n, jaw: j } = shape;
  return [
    stroke(faceOutline(shape), skin.deep, 16, 0.3, 8),
    stroke(`M${w},-90 C${w + 8},20 ${j},${c * 0.7} ${j * 0.5},${c}`, skin.deep, 34, 0.38, 14),
    spot(0, -142, w * 0.9, 34, skin.deep, 0.4, 14),
    spot(-e * 0.5, -82, 46, 26, "#ffffff", 0.22, 14),
    ...[-1, 1].flatMap((s) => [
      spot(s * e, -4, 36, 22, skin.shade, 0.55, 8),
      spot(s * (e - 25), -6, 11, 20, skin.deep, 0.3, 8),
      stroke(`M${s * (e - 22)},15 C${s * (e - 8)},24 ${s * (e + 12)},23 ${s * (e + 26)},12`, skin.shade, 4, 0.5, 2),
      spot(s * (e + 14), n - 14, 27, 19, skin.blush, 0.32, 14),
      stroke(`M${s * 24},${n + 2} C${s * 36},${n + 14} ${s * 46},${m - 18} ${s * 50},${m - 2}`, skin.shade, 5, 0.5, 4),
    ]),
    spot(-e - 12, n - 24, 22, 13, skin.light, 0.55, 8),
    spot(0, m + 30, 22, 6, skin.deep, 0.38, 4),
    stroke(
      `M${-w},30 C${-j},${c * 0.72} ${-j * 0.5},${c - 6} 0,${c - 4} C${j * 0.5},${c - 6} ${j},${c * 0.72} ${w},30`,
      hair.dark,
      48,
      stubble,
      14,
    ),
    stroke(`M-34,${m + 2} C-34,${m - 22} 34,${m - 22} 34,${m + 2}`, hair.dark, 12, stubble, 4),
    spot(-3, c - 24, 22, 12, skin.light, 0.5, 8),
  ].join("");
}

function nose({ shape: { nose: n, eyes: e }, skin }) {
  return [
    stroke(`M${e * 0.26},-18 C9,10 13,${n - 30} 17,${n - 12}`, skin.deep, 11, 0.34, 4),
    stroke(`M${-e * 0.28},-18 C-10,10 -14,${n - 30} -18,${n - 12}`, skin.shade, 8, 0.34, 4),
    stroke(`M-2,-14 C-2,10 -3,${n - 36} -3,${n - 22}`, skin.light, 8, 0.85, 4),
    spot(0, n + 13, 23, 7, skin.deep, 0.5, 4),
    spot(-1, n - 4, 15, 13, skin.light, 0.5, 4),
    stroke(`M-22,${n + 6} C-29,${n - 2} -26,${n - 14} -18,${n - 16}`, skin.shade, 4, 0.75, 1),
    stroke(`M22,${n + 6} C29,${n - 2} 26,${n - 14} 18,${n - 16}`, skin.deep, 4, 0.5, 1),
    fill(
      `M-17,${n + 9} C-15,${n + 3} -7,${n + 4} -6,${n + 11} C-10,${n + 11} -13,${n + 9} -17,${n + 9} Z`,
      skin.deep,
      0.85,
      1,
    ),
    fill(`M17,${n + 9} C15,${n + 3} 7,${n + 4} 6,${n + 11} C10,${n + 11} 13,${n + 9} 17,${n + 9} Z`, skin.deep, 0.9, 1),
    stroke(`M-6,${n + 12} C-3,${n + 16} 3,${n + 16} 6,${n + 12}`, skin.deep, 2.5, 0.5, 1),
    spot(-4, n - 7, 4.5, 3.5, "#ffffff", 0.55, 2),
  ].join("");
}

// The opening between the lids, around the eye's centre, its outer corner at the right.
const lids = "M-25,4 C-17,-8 -7,-12.5 3,-12 C14,-11.5 21,-5 26,1 C18,8 9,11 0,10.5 C-10,10 -18,7.5 -25,4 Z";

function eye({ shape: { eyes }, skin, hair }, id, side) {
  const upper = "M-25,4 C-17,-8 -7,-12.5 3,-12 C14,-11.5 21,-5 27,0";
  return `<g transform="translate(${side * eyes}) scale(${side},1)">
    <g clip-path="url(#${id("lids")})">
      <rect x="-30" y="-20" width="60" height="40" fill="#f6f1ec"/>
      ${spot(-23, 3, 5, 4, skin.blush, 0.5, 2)}${spot(24, 0, 8, 8, skin.deep, 0.35, 4)}
      <circle cx="0" cy="-1" r="12.2" fill="url(#${id("iris")})"/>
      <circle cx="0" cy="-1" r="11.7" fill="none" stroke="#1a1210" stroke-width="1.4" opacity="0.7"/>
      <circle cx="0" cy="-1" r="5.2" fill="#0b0808"/>
      ${stroke(upper, "#1a0f0b", 9, 0.45, 2)}
    </g>
    <circle cx="${-4 * side}" cy="-5.5" r="2.9" fill="#ffffff" opacity="0.95"/><circle cx="${4 * side}" cy="4" r="1.5" fill="#ffffff" opacity="0.45"/>
    ${stroke("M-22,-6 C-13,-19 12,-22 27,-8", skin.deep, 2.6, 0.6, 1)}
    ${stroke(upper, "#1b100c", 3.4)}${stroke("M22,-4 L30,-7", hair.dark, 2.4, 0.85)}
    ${stroke("M-22,6 C-10,12 10,13 25,2", skin.deep, 1.8, 0.65)}
  </g>`;
}

function brow({ shape: { eyes, brow: y }, hair }, side) {
  const arch = `M-26,${y + 5} C-12,${y - 5} 8,${y - 9} 33,${y + 5} C12,${y - 2} -6,${y + 3} -25,${y + 12} C-28,${y + 11} -28,${y + 7} -26,${y + 5} Z`;
  const hairs = Array.from({ length: 18 }, (_, i) => {
    const [x, top] = [-25 + i * 2.7, y + 6 - 9 * Math.sin((i / 17) * 2.5)];
    return stroke(`M${x},${top + 4 - i * 0.1} q3,-4 ${7 + i * 0.12},${-4 + i * 0.3}`, hair.dark, 1, 0.3);
  });
  return `<g transform="translate(${side * eyes}) scale(${side},1)">${fill(arch, hair.brow, 0.8, 1)}${hairs.join("")}</g>`;
}

function mouth({ shape: { mouth: y, smile: w, lips: fullness }, skin, lips }, id) {
  const [up, down] = [9 * fullness, 15 * fullness];
  const seam = `C${-w * 0.62},${y + 8} ${-w * 0.28},${y + 10} 0,${y + 9} C${w * 0.28},${y + 10} ${w * 0.62},${y + 8} ${w},${y}`;
  const bow = `C${w * 0.6},${y + 1} ${w * 0.32},${y - up} ${w * 0.17},${y - up} Q0,${y - up + 5} ${-w * 0.17},${y - up} C${-w * 0.32},${y - up} ${-w * 0.6},${y + 1} ${-w},${y} Z`;
  const lower = `C${w * 0.62},${y + 4 + down} ${w * 0.3},${y + 9 + down} 0,${y + 9 + down} C${-w * 0.3},${y + 9 + down} ${-w * 0.62},${y + 4 + down} ${-w},${y} Z`;
  return [
    spot(0, y - up - 6, 7, 4, skin.shade, 0.45, 2),
    fill(`M${-w},${y} ${seam} ${lower}`, `url(#${id("lower")})`),
    fill(`M${-w},${y} ${seam} ${bow}`, lips[1]),
    stroke(`M${-w},${y} ${seam} ${bow}`, skin.shade, 2, 0.35, 1),
    spot(-5, y + 10 + down * 0.45, w * 0.34, down * 0.18, skin.light, 0.4, 2),
    stroke(`M${-w - 3},${y - 2} L${-w},${y} ${seam} l3,-2`, skin.deep, 2.4, 0.85),
    ...[-1, 1].map((s) => spot(s * (w + 4), y - 2, 4.5, 4.5, skin.deep, 0.45, 2)),
  ].join("");
}

function hairBehind({ shape: { width: w, chin }, hair }, id) {
  const paint = `url(#${id("hair")})`;
  if (hair.style === "long") {
    const half = (s) => `C${s * (w + 44)},90 ${s * (w + 62)},170 ${s * (w + 24)},${chin + 76}`;
    const crown = `C${-w - 50},-90 ${-w - 20},-196 0,-196 C${w + 20},-196 ${w + 50},-90 ${w + 42},0`;
    const d = `M${-w - 42},0 ${crown} ${half(1)} C60,${chin + 90} -60,${chin + 90} ${-w - 24},${chin + 76} C${-w - 62},170 ${-w - 44},90 ${-w - 42},0 Z`;
    return fill(d, paint) + fill(`M-84,60 H84 V${chin + 70} H-84 Z`, hair.dark, 0.75, 14);
  }
  const cap = `M0,-186 C${w + 8},-186 ${w + 22},-90 ${w + 8},10 L${-w - 8},10 C${-w - 22},-90 ${-w - 8},-186 0,-186 Z`;
  const bun = fill("M-52,-196 C-58,-256 58,-256 52,-196 C48,-160 -48,-160 -52,-196 Z", paint);
  const twist = [-24, -4, 18].map((x) =>
    stroke(`M${x - 18},-186 C${x - 16},-222 ${x + 6},-236 ${x + 22},-232`, hair.dark, 2.5, 0.4, 1),
  );
  return (hair.style === "bun" ? bun + twist.join("") : "") + fill(cap, hair.base);
}

function hairInFront({ shape: { width: w }, hair }, id) {
  const { locks, strands, shine } = { long: parted, bun: swept, short: cropped }[hair.style](w);
  const lines = strands.map((d, i) =>
    stroke(d, i % 2 ? hair.light : hair.dark, 1.5 + (i % 3) * 0.7, i % 2 ? 0.4 : 0.45, 1),
  );
  return `${fill(locks, hair.dark, 0.45, 8)}${fill(locks, `url(#${id("hair")})`)}
    <clipPath id="${id("locks")}"><path d="${locks}"/></clipPath>
    <g clip-path="url(#${id("locks")})">${stroke(shine, hair.light, 26, 0.55, 8)}${lines.join("")}</g>`;
}

function parted(w) {
  const crown = `C${-w - 50},-90 ${-w - 20},-198 0,-198 C${w + 20},-198 ${w + 50},-90 ${w + 42},0`;
  const right = `C${w + 44},70 ${w + 60},130 ${w + 18},206 C${w - 2},120 ${w - 5},50 ${w - 8},-20 C${w - 17},-104 24,-126 -22,-160`;
  const left = `C-58,-126 ${-w + 13},-90 ${-w + 8},-20 C${-w + 5},50 ${-w + 2},120 ${-w - 18},206 C${-w - 60},130 ${-w - 44},70 ${-w - 42},0 Z`;
  const strands = Array.from({ length: 26 }, (_, i) => {
    const [s, t] = [i % 4 < 2 ? 1 : -1, i / 25];
    const x = (inner, outer) => s * (w + inner + (outer - inner) * t);
    return `M-22,${-158 - 38 * t} C${s * (30 + 50 * t)},${-140 - 50 * t} ${x(-26, 36)},${-110 - 16 * t} ${x(-12, 40)},-20 C${x(-9, 46)},50 ${x(-2, 52)},120 ${x(12, 22)},214`;
  });
  return {
    locks: `M${-w - 42},0 ${crown} ${right} ${left}`,
    strands,
    shine: `M${-w - 34},-70 C${-w},-150 ${w},-150 ${w + 34},-60`,
  };
}

function swept(w) {
  const locks = `M${-w - 6},0 C${-w - 24},-110 ${-w + 20},-192 0,-192 C${w - 20},-192 ${w + 24},-110 ${w + 6},0 C${w - 6},-60 ${w - 30},-118 0,-124 C${-w + 30},-118 ${-w + 6},-60 ${-w - 6},0 Z`;
  const strands = Array.from({ length: 31 }, (_, i) => {
    const x = (i - 15) / 15;
    return `M${x * (w + 4)},${-118 + 122 * x ** 4} Q${x * w},${-160 + 60 * x * x} ${x * 50},-192`;
  });
  return { locks, strands, shine: `M${-w},-110 C-50,-176 20,-176 50,-160` };
}

function cropped(w) {
  const locks = `M${-w - 4},-8 C${-w - 24},-130 ${-w + 10},-194 0,-194 C${w - 10},-194 ${w + 24},-130 ${w + 4},-8 C${w - 1},-40 ${w - 4},-70 ${w - 20},-98 C${w - 50},-124 ${-w + 50},-124 ${-w + 20},-98 C${-w + 4},-70 ${-w + 1},-40 ${-w - 4},-8 Z`;
  const strands = Array.from({ length: 150 }, (_, i) => {
    const [x, y] = [((i * 0.618034) % 1) * 2 - 1, -104 - ((i * 0.754878) % 1) * 88];
    return `M${x * w},${y + 66 * x * x} q${2 + x * 3},-4 ${5 * x},-7`;
  });
  return { locks, strands, shine: `M${-w + 14},-110 C-60,-172 0,-176 40,-168` };
}

await main();
