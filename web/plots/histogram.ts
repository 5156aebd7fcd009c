/** How many samples have which value of a positive number, on a logarithmic scale; counted as they come, so that nothing is kept of them. */
import { messages, putAttribute } from "../i18n/language.ts";
import { significant } from "../../src/report/numbers.ts";
import type { Chart, Plot } from "./figure.ts";
import { createPlot, drawsChart, eachFrame } from "./figure.ts";
import { logMarks } from "./scale.ts";
import { draw, svgFile } from "./svg.ts";

export interface Histogram {
  readonly figure: HTMLElement;
  readonly note: Plot["note"];
  readonly add: (values: Iterable<number>) => void;
}

/** Counted in so many bins a decade, and drawn in at most so many bars. */
const FINE = 40;
const BARS = 48;
const HEIGHT = 190;
const MARGIN = { left: 12, right: 12, top: 18, bottom: 24 } as const;

/** @param marked a value with a line of its own, always in view; null: none. */
export function createHistogram(name: "ratio" | "coefficient", marked: number | null): Histogram {
  const counts = new Map<number, number>();
  const svg = draw("svg", { role: "img", class: "chart" });
  putAttribute(svg, "aria-label", (m) => m.histogram[name]);
  const plot = createPlot(
    name,
    () => ({
      head: [(m) => m.histogram.from, (m) => m.histogram.to, (m) => m.figure.samples],
      rows: bars(counts, marked)
        .bins.filter((bin) => bin.count > 0)
        .map(({ from, to, count }) => [significant(10 ** from), significant(10 ** to), String(count)]),
    }),
    () => svgFile(svg, messages().plot[name]),
  );
  plot.drawing.append(svg);
  const chart = (width: number): Chart => ({ height: HEIGHT, shapes: shapes(counts, marked, width) });
  const redraw = drawsChart(plot, svg, chart, eachFrame);
  return {
    figure: plot.figure,
    note: plot.note,
    add(values) {
      for (const value of values) {
        if (!(value > 0 && value < Infinity)) continue;
        const bin = Math.floor(FINE * Math.log10(value));
        counts.set(bin, (counts.get(bin) ?? 0) + 1);
      }
      redraw();
    },
  };
}

export interface Bin {
  /** Decimal logarithms. */
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** At most BARS bars of equal width that hold every value and the marked one. */
export function bars(
  counts: ReadonlyMap<number, number>,
  marked: number | null,
): { bins: Bin[]; from: number; to: number } {
  const keys = [...counts.keys(), ...(marked === null ? [] : [Math.floor(FINE * Math.log10(marked))])];
  const [least, most] = [Math.min(...keys), Math.max(...keys)];
  if (!(least <= most)) return { bins: [], from: -1, to: 0 };
  const group = Math.ceil((most - least + 1) / BARS);
  const first = Math.floor(least / group);
  const bins = Array.from({ length: Math.floor(most / group) - first + 1 }, (_, i) => {
    let count = 0;
    for (let k = (first + i) * group; k < (first + i + 1) * group; k++) count += counts.get(k) ?? 0;
    return { from: ((first + i) * group) / FINE, to: ((first + i + 1) * group) / FINE, count };
  });
  return { bins, from: bins[0]?.from ?? 0, to: bins.at(-1)?.to ?? 1 };
}

function shapes(counts: ReadonlyMap<number, number>, marked: number | null, width: number): SVGElement[] {
  const { bins, from, to } = bars(counts, marked);
  const bottom = HEIGHT - MARGIN.bottom;
  const x = (log: number): number => MARGIN.left + ((width - MARGIN.left - MARGIN.right) * (log - from)) / (to - from);
  const most = Math.max(1, ...bins.map((bin) => bin.count));
  const result: SVGElement[] = [
    draw("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: bottom, y2: bottom }),
  ];
  for (const { at, text } of logMarks({ from, to }, width < 420 ? 4 : 7)) {
    result.push(draw("text", { class: "mark", x: x(at), y: bottom + 16, "text-anchor": "middle" }, text));
    result.push(draw("line", { class: "grid", x1: x(at), x2: x(at), y1: bottom, y2: bottom + 4 }));
  }
  for (const bin of bins) {
    if (bin.count === 0) continue;
    const height = Math.max(1, ((bottom - MARGIN.top) * bin.count) / most);
    const box = { x: x(bin.from) + 0.5, width: Math.max(1, x(bin.to) - x(bin.from) - 1), y: bottom - height, height };
    const range = `${significant(10 ** bin.from)} … ${significant(10 ** bin.to)}: ${String(bin.count)}`;
    result.push(draw("rect", { class: "bar", ...box }, draw("title", {}, range)));
  }
  if (marked !== null) {
    const at = x(Math.log10(marked));
    result.push(draw("line", { class: "equality", x1: at, x2: at, y1: MARGIN.top - 6, y2: bottom }));
    const anchor = at > width / 2 ? "end" : "start";
    const text = { class: "axis", x: anchor === "end" ? at - 5 : at + 5, y: MARGIN.top + 4, "text-anchor": anchor };
    result.push(draw("text", text, messages().histogram.equality));
  }
  return result;
}
