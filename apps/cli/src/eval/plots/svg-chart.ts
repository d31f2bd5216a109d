/** One axis: what it shows, and where its ticks are. */
export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  /** Each factor of ten takes the same room; `from` is above 0. */
  readonly logarithmic?: boolean;
  readonly tickText?: (value: number) => string;
}

const size = { width: 720, height: 480 };
const plotArea = { left: 88, top: 64, right: 696, bottom: 416 };
const colours = { ink: "#1f2933", faint: "#d5dbe1", paper: "#ffffff" };

const dashed = ' stroke-dasharray="6 5"';

/** Colours that stay apart for the colour-blind. */
export const seriesColours = { first: "#1769aa", second: "#d9730d", mark: colours.ink } as const;

/** A chart with two axes, drawn bottom up: what is added later lies on top. Values are the axes' own. */
export class SvgChart {
  private readonly marks: string[] = [];
  private readonly legend: string[] = [];

  constructor(
    private readonly title: string,
    private readonly x: Axis,
    private readonly y: Axis,
  ) {}

  line(points: readonly (readonly [x: number, y: number])[], colour: string): this {
    return this.polyline(points, colour, "");
  }

  /** A dashed line through the whole plot. */
  verticalRule(x: number, colour: string): this {
    const { from, to } = this.y;
    return this.polyline(
      [from, to].map((at) => [x, at] as const),
      colour,
      dashed,
    );
  }

  /** A dashed line through the whole plot. */
  horizontalRule(y: number, colour: string): this {
    const { from, to } = this.x;
    return this.polyline(
      [from, to].map((at) => [at, y] as const),
      colour,
      dashed,
    );
  }

  dot(x: number, y: number, colour: string): this {
    this.marks.push(`<circle cx="${round(this.px(x))}" cy="${round(this.py(y))}" r="5" fill="${colour}"/>`);
    return this;
  }

  /** A bar from the axis' start up to `height`. */
  bar(from: number, to: number, height: number, colour: string): this {
    const [left, top] = [this.px(from), this.py(height)];
    const box = `x="${round(left)}" y="${round(top)}" width="${round(this.px(to) - left)}"`;
    this.marks.push(`<rect ${box} height="${round(plotArea.bottom - top)}" fill="${colour}" fill-opacity="0.6"/>`);
    return this;
  }

  /** Explains a colour; entries stand side by side above the plot. */
  explain(text: string, colour: string): this {
    const x = plotArea.left + this.legend.length * 210;
    this.legend.push(
      `<rect x="${x}" y="40" width="12" height="12" fill="${colour}"/>${label(x + 18, 51, text, "start", 13)}`,
    );
    return this;
  }

  /** The chart as a standalone SVG document. */
  toString(): string {
    const { width, height } = size;
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
      `<rect width="${width}" height="${height}" fill="${colours.paper}"/>`,
      label(plotArea.left, 26, this.title, "start", 17),
      ...this.legend,
      ...this.x.ticks.map((tick) => this.xTick(tick)),
      ...this.y.ticks.map((tick) => this.yTick(tick)),
      ...this.marks,
      rule(plotArea.left, plotArea.bottom, plotArea.right, plotArea.bottom, colours.ink),
      rule(plotArea.left, plotArea.top, plotArea.left, plotArea.bottom, colours.ink),
      label((plotArea.left + plotArea.right) / 2, height - 16, this.x.label, "middle", 14),
      `<g transform="translate(20 ${(plotArea.top + plotArea.bottom) / 2}) rotate(-90)">`,
      `${label(0, 0, this.y.label, "middle", 14)}</g>`,
      "</svg>",
      "",
    ].join("\n");
  }

  private polyline(points: readonly (readonly [x: number, y: number])[], colour: string, style: string): this {
    const path = points.map(([x, y]) => `${round(this.px(x))},${round(this.py(y))}`).join(" ");
    this.marks.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${style}/>`);
    return this;
  }

  private xTick(value: number): string {
    const x = this.px(value);
    const text = label(x, plotArea.bottom + 20, tickText(this.x, value), "middle", 13);
    return rule(x, plotArea.top, x, plotArea.bottom, colours.faint) + text;
  }

  private yTick(value: number): string {
    const y = this.py(value);
    const text = label(plotArea.left - 8, y + 4, tickText(this.y, value), "end", 13);
    return rule(plotArea.left, y, plotArea.right, y, colours.faint) + text;
  }

  private px(value: number): number {
    return plotArea.left + position(this.x, value) * (plotArea.right - plotArea.left);
  }

  private py(value: number): number {
    return plotArea.bottom - position(this.y, value) * (plotArea.bottom - plotArea.top);
  }
}

/** Evenly spaced ticks, both ends included. */
export function evenTicks(from: number, to: number, steps: number): number[] {
  return Array.from({ length: steps + 1 }, (_, i) => from + ((to - from) * i) / steps);
}

/** Ticks from 0 to the first one that is not below `highest`, at steps of 1, 2 or 5 times a power of ten. */
export function countTicks(highest: number): number[] {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, highest)));
  const step = Math.max(1, [power / 5, power / 2, power, 2 * power].find((size) => highest <= 6 * size) as number);
  const steps = Math.max(1, Math.ceil(highest / step));
  return evenTicks(0, steps * step, steps);
}

/** Where a value lies between the axis' ends, 0 to 1; values beyond an end are put there. */
function position({ from, to, logarithmic }: Axis, value: number): number {
  const inside = Math.min(to, Math.max(from, value));
  return logarithmic ? Math.log(inside / from) / Math.log(to / from) : (inside - from) / (to - from);
}

function tickText({ tickText: text }: Axis, value: number): string {
  return text?.(value) ?? String(Number(value.toFixed(6)));
}

function rule(x1: number, y1: number, x2: number, y2: number, colour: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" stroke="${colour}"/>`;
}

function label(x: number, y: number, text: string, anchor: "start" | "middle" | "end", fontSize: number): string {
  const font = `font-family="system-ui, sans-serif" font-size="${fontSize}" fill="${colours.ink}"`;
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}" ${font}>${escapeText(text)}</text>`;
}

function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
