import { fill, spot, stroke } from "./svg.mjs";

export function faceOutline({ width: w, jaw: j, chin: c }) {
  const half = (s) =>
    `C${s * w * 0.7},-150 ${s * w},-85 ${s * w},-5 C${s * w},60 ${s * j},${c * 0.6} ${s * j * 0.72},${c * 0.78}`;
  const back = `C${-j},${c * 0.6} ${-w},60 ${-w},-5 C${-w},-85 ${-w * 0.7},-150 0,-150 Z`;
  return `M0,-150 ${half(1)} C${j * 0.5},${c * 0.95} ${j * 0.25},${c} 0,${c} C${-j * 0.25},${c} ${-j * 0.5},${c * 0.95} ${-j * 0.72},${c * 0.78} ${back}`;
}

export function body({ shape: { jaw, chin }, skin, cloth }, id) {
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

export function ears({ shape: { width: w }, skin }) {
  const ear = (s) => {
    const shell = `M${s * (w - 6)},-8 C${s * (w + 22)},-26 ${s * (w + 24)},14 ${s * (w + 12)},44 C${s * (w + 6)},62 ${s * (w - 8)},60 ${s * (w - 10)},44 Z`;
    const fold = `M${s * (w + 2)},0 C${s * (w + 14)},-2 ${s * (w + 12)},22 ${s * (w + 2)},40`;
    return fill(shell, s < 0 ? skin.base : skin.shade) + stroke(fold, skin.deep, 5, 0.35, 2);
  };
  return ear(-1) + ear(1);
}

/** Light from the upper left: what turns away from it, or lies in a hollow, is darker. */
export function faceShading({ shape, skin, hair, stubble = 0 }) {
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

export function nose({ shape: { nose: n, eyes: e }, skin }) {
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
export const lids = "M-25,4 C-17,-8 -7,-12.5 3,-12 C14,-11.5 21,-5 26,1 C18,8 9,11 0,10.5 C-10,10 -18,7.5 -25,4 Z";

export function eye({ shape: { eyes }, skin, hair }, id, side) {
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

export function brow({ shape: { eyes, brow: y }, hair }, side) {
  const arch = `M-26,${y + 5} C-12,${y - 5} 8,${y - 9} 33,${y + 5} C12,${y - 2} -6,${y + 3} -25,${y + 12} C-28,${y + 11} -28,${y + 7} -26,${y + 5} Z`;
  const hairs = Array.from({ length: 18 }, (_, i) => {
    const [x, top] = [-25 + i * 2.7, y + 6 - 9 * Math.sin((i / 17) * 2.5)];
    return stroke(`M${x},${top + 4 - i * 0.1} q3,-4 ${7 + i * 0.12},${-4 + i * 0.3}`, hair.dark, 1, 0.3);
  });
  return `<g transform="translate(${side * eyes}) scale(${side},1)">${fill(arch, hair.brow, 0.8, 1)}${hairs.join("")}</g>`;
}

export function mouth({ shape: { mouth: y, smile: w, lips: fullness }, skin, lips }, id) {
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
