/**
 * Left against right side of every sample, both logarithmic, coloured by verdict. Above the line of equality a sound computation has no
 * point. Points go to a canvas as they come, a slice a frame, so that no task is long; axes are SVG behind it.
 */
import { grouped, messages, putAttribute, redraws } from "../i18n/language.ts";
import { make } from "../dom.ts";
import type { Points } from "../../src/worker/client.ts";
import { significant } from "../../src/report/numbers.ts";
import type { TableContent } from "./figure.ts";
import { createPlot, eachFrame, onWidth } from "./figure.ts";
import type { Range } from "./scale.ts";
import { logMarks, widened } from "./scale.ts";
import { draw, svgFile } from "./svg.ts";

export interface Scatter {
  readonly figure: HTMLElement;
  readonly add: (points: Points) => void;
}

/** By the worker's number of a verdict: holds, tight, violated, unresolved; invalid samples have no point. */
const COLOURS = ["holds", "tight", "bad", "open", "open"] as const;
const MARGIN = { left: 52, right: 26, top: 10, bottom: 40 } as const;
/** Points a frame: with what the browser makes of them, about 5 ms of one core of a software renderer. */
const SLICE = 3000;

/** @param over ends what the plot hears of the page: without it the page would hold every run's plot. */
export function createScatter(over: AbortSignal): Scatter {
  const points = createColumns();
  const bins: Bins = new Map();
  let ranges: { x: Range; y: Range } | null = null;
  let drawn = 0;
  let size = { width: 0, height: 0 };
  let palette: string[] = [];
  const canvas = make("canvas");
  canvas.setAttribute("role", "img");
  putAttribute(canvas, "aria-label", (m) => m.scatter.label);
  const axes = draw("svg", { "aria-hidden": "true", class: "axes" });
  const context = canvas.getContext("2d");
  const plot = createPlot(
    "scatter",
    () => tableOf(bins),
    () => svgFile(axes, messages().plot.scatter, paths(points, place, palette)),
  );
  plot.drawing.classList.add("layers");
  plot.drawing.append(axes, canvas);

  const inner = () => ({
    width: size.width - MARGIN.left - MARGIN.right,
    height: size.height - MARGIN.top - MARGIN.bottom,
  });
  const place = (x: number, y: number): [number, number] => {
    const range = ranges ?? { x: { from: 0, to: 1 }, y: { from: 0, to: 1 } };
    const { width, height } = inner();
    return [
      MARGIN.left + (width * (x - range.x.from)) / (range.x.to - range.x.from),
      MARGIN.top + height * (1 - (y - range.y.from) / (range.y.to - range.y.from)),
    ];
  };
  const slice = (): void => {
    if (context === null || size.width === 0) return;
    if (drawn === 0) {
      const style = getComputedStyle(plot.figure);
      palette = COLOURS.map((name) => style.getPropertyValue(`--${name}`));
      context.clearRect(0, 0, size.width, size.height);
    }
    const end = Math.min(points.length(), drawn + SLICE);
    let colour = -1;
    for (; drawn < end; drawn++) {
      const [logX, logY, verdict] = points.at(drawn);
      if (verdict !== colour) context.fillStyle = palette[(colour = verdict)] ?? "gray";
      const [x, y] = place(logX, logY);
      const side = verdict === 0 ? 2 : 4;
      context.fillRect(x - side / 2, y - side / 2, side, side);
    }
    if (drawn < points.length()) frame();
  };
  const frame = eachFrame(slice);
  const again = (): void => {
    drawn = 0;
    axes.replaceChildren(...axisShapes(ranges, size, place));
    frame();
  };
  onWidth(plot.drawing, (width) => {
    size = { width, height: Math.round(Math.min(420, Math.max(240, width * 0.5))) };
    const scale = Math.min(3, devicePixelRatio);
    [canvas.width, canvas.height] = [size.width * scale, size.height * scale];
    context?.setTransform(scale, 0, 0, scale, 0, 0);
    axes.setAttribute("viewBox", `0 0 ${String(size.width)} ${String(size.height)}`);
    plot.drawing.style.setProperty("height", `${String(size.height)}px`);
    again();
  });
  redraws(plot.figure, again);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again, { signal: over });
  return {
    figure: plot.figure,
    add({ lhs, rhs, verdict }) {
      let box = { left: Infinity, right: -Infinity, low: Infinity, high: -Infinity };
      lhs.forEach((left, i) => {
        const right = rhs[i] ?? 0;
        // A side that is 0 has no place on a logarithmic scale.
        if (!(left > 0 && right > 0)) return;
        const [x, y] = [Math.log10(right), Math.log10(left)];
        points.push(x, y, verdict[i] ?? 0);
        tally(bins, x, y);
        box = {
          left: Math.min(box.left, x),
          right: Math.max(box.right, x),
          low: Math.min(box.low, y),
          high: Math.max(box.high, y),
        };
      });
      if (box.left <= box.right) {
        const next = {
          x: widened(ranges?.x ?? null, box.left, box.right),
          y: widened(ranges?.y ?? null, box.low, box.high),
        };
        const same = ranges !== null && JSON.stringify(ranges) === JSON.stringify(next);
        ranges = next;
        if (!same) again();
      }
      const count = grouped(points.length());
      plot.note((m) => m.scatter.note(count));
      plot.changed();
      frame();
    },
  };
}

/** Axes, the line of equality, and the side of it where no sample may be. */
function axisShapes(
  ranges: { x: Range; y: Range } | null,
  size: { width: number; height: number },
  place: (x: number, y: number) => [number, number],
): SVGElement[] {
  if (ranges === null || size.width === 0) return [];
  const { x, y } = ranges;
  const [left, bottom] = place(x.from, y.from);
  const [right, top] = place(x.to, y.to);
  const shapes: SVGElement[] = [];
  for (const { at, text } of logMarks(x, size.width < 420 ? 4 : 8)) {
    const [px] = place(at, y.from);
    shapes.push(draw("line", { class: "grid", x1: px, x2: px, y1: top, y2: bottom }));
    shapes.push(draw("text", { class: "mark", x: px, y: bottom + 16, "text-anchor": "middle" }, text));
  }
  for (const { at, text } of logMarks(y, 6)) {
    const [, py] = place(x.from, at);
    shapes.push(draw("line", { class: "grid", x1: left, x2: right, y1: py, y2: py }));
    shapes.push(draw("text", { class: "mark", x: left - 6, y: py + 4, "text-anchor": "end" }, text));
  }
  // The part of y > x within the frame: its corners in order.
  const line = ([x.from, x.to, y.from, y.to] as const)
    .filter((v) => v >= Math.max(x.from, y.from) && v <= Math.min(x.to, y.to))
    .sort((a, b) => a - b);
  const [begin, end] = [line[0], line.at(-1)];
  if (begin !== undefined && end !== undefined && end > begin) {
    const corners: [number, number][] = [
      [begin, begin],
      [end, end],
    ];
    if (end < x.to || y.to > end) corners.push([end, y.to]);
    corners.push([x.from, y.to], [x.from, begin]);
    const path = corners
      .map(([cx, cy]) =>
        place(cx, cy)
          .map((v) => v.toFixed(1))
          .join(","),
      )
      .join(" ");
    shapes.push(draw("polygon", { class: "impossible", points: path }));
    const [[x1, y1], [x2, y2]] = [place(begin, begin), place(end, end)];
    shapes.push(draw("line", { class: "equality", x1, y1, x2, y2 }));
  }
  shapes.push(draw("text", { class: "region", x: left + 8, y: top + 16 }, messages().scatter.impossible));
  shapes.push(
    draw("text", { class: "axis", x: right, y: bottom + 33, "text-anchor": "end" }, messages().scatter.right),
  );
  shapes.push(draw("text", { class: "axis", x: left - 44, y: bottom + 33 }, messages().scatter.left));
  return shapes;
}

interface Columns {
  readonly push: (x: number, y: number, verdict: number) => void;
  readonly at: (i: number) => [x: number, y: number, verdict: number];
  readonly length: () => number;
}

/** Columns that grow by doubling; logarithms in f32 are exact to a hundredth of a pixel. */
function createColumns(): Columns {
  let [xs, ys, verdicts] = [new Float32Array(1024), new Float32Array(1024), new Uint8Array(1024)];
  let length = 0;
  return {
    push(x, y, verdict) {
      if (length === xs.length) {
        const grown = [new Float32Array(2 * length), new Float32Array(2 * length), new Uint8Array(2 * length)] as const;
        grown[0].set(xs);
        grown[1].set(ys);
        grown[2].set(verdicts);
        [xs, ys, verdicts] = grown;
      }
      xs[length] = x;
      ys[length] = y;
      verdicts[length++] = verdict;
    },
    at: (i) => [xs[i] ?? 0, ys[i] ?? 0, verdicts[i] ?? 0],
    length: () => length,
  };
}

/** By half decades of the right side: how many samples, and between what their left sides lie; decimal logarithms. */
type Bins = Map<number, { count: number; least: number; most: number }>;

function tally(bins: Bins, x: number, y: number): void {
  const key = Math.floor(2 * x);
  const bin = bins.get(key) ?? { count: 0, least: Infinity, most: -Infinity };
  bin.count++;
  bin.least = Math.min(bin.least, y);
  bin.most = Math.max(bin.most, y);
  bins.set(key, bin);
}

function tableOf(bins: Bins): TableContent {
  return {
    head: [
      (m) => m.scatter.rightFrom,
      (m) => m.scatter.rightTo,
      (m) => m.figure.samples,
      (m) => m.scatter.leftLeast,
      (m) => m.scatter.leftMost,
    ],
    rows: [...bins]
      .sort(([a], [b]) => a - b)
      .map(([key, { count, least, most }]) => [
        significant(10 ** (key / 2)),
        significant(10 ** ((key + 1) / 2)),
        String(count),
        significant(10 ** least),
        significant(10 ** most),
      ]),
  };
}

/** The points as one path a verdict; points on one half pixel are one. */
function paths(
  points: Columns,
  place: (x: number, y: number) => [number, number],
  palette: readonly string[],
): SVGElement[] {
  const seen = new Set<number>();
  const strokes = palette.map(() => [] as string[]);
  for (let i = 0; i < points.length(); i++) {
    const [logX, logY, verdict] = points.at(i);
    const [x, y] = place(logX, logY).map((v) => Math.round(2 * v)) as [number, number];
    const key = (x * 2 ** 16 + y) * 8 + verdict;
    if (seen.has(key)) continue;
    seen.add(key);
    strokes[verdict]?.push(`M${String(x / 2)},${String(y / 2)}h0`);
  }
  return strokes.flatMap((moves, verdict) =>
    moves.length === 0
      ? []
      : [
          draw("path", {
            d: moves.join(""),
            fill: "none",
            stroke: palette[verdict] ?? "gray",
            "stroke-width": verdict === 0 ? 2 : 4,
            "stroke-linecap": "square",
          }),
        ],
  );
}
