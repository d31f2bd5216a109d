import { fill, stroke } from "./svg.mjs";

export function hairBehind({ shape: { width: w, chin }, hair }, id) {
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

export function hairInFront({ shape: { width: w }, hair }, id) {
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
