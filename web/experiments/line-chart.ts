/** Series of runs: a line for each seed, one of them set off where it is chosen. */
import { messages, putAttribute } from "../i18n/language.ts";
import { significant } from "../../src/report/numbers.ts";
import type { Say, Text } from "../i18n/language.ts";
import { drawsChart, framePlot } from "../plots/figure.ts";
import { logMarks, widened } from "../plots/scale.ts";
import { draw, svgFile } from "../plots/svg.ts";
import { key } from "./marks.ts";
import { words } from "./words.ts";

export interface Curve {
  readonly name: Say;
  /** A row for each seed, or one for all. */
  readonly x: readonly (readonly number[])[];
  readonly y: readonly (readonly (number | null)[])[];
}

export interface Panel {
  readonly name: keyof ReturnType<typeof words>["runs"]["panels"];
  readonly xLabel: Say;
  /** "falling": logarithmic, from the largest to the smallest. */
  readonly xScale: "log" | "falling";
  readonly yScale: "log" | "cosine";
  readonly curves: readonly Curve[];
}

export interface LineChart {
  readonly figure: HTMLElement;
  /** Sets the seed at this index off; null: all alike. */
  readonly choose: (seed: number | null) => void;
}

const HEIGHT = 220;
const MARGIN = { left: 48, right: 12, top: 8, bottom: 40 } as const;
/** Where time 0 stands. */
const LEAST_TIME = 0.5;

export function createLineChart(panel: Panel): LineChart {
  const title = (): string => words().runs.panels[panel.name];
  let chosen: number | null = null;
  const svg = draw("svg", { role: "img", class: "chart" });
  const plot = framePlot(
    panel.name,
    title,
    () => tableOf(panel, chosen),
    () => svgFile(svg, title()),
  );
  putAttribute(svg, "aria-label", () => `${title()}. ${words().runs.line}`);
  plot.drawing.before(key(panel.curves.map(({ name }) => name)));
  plot.drawing.append(svg);
  const redraw = drawsChart(plot, svg, (width) => ({ height: HEIGHT, shapes: shapes(panel, chosen, width) }));
  return {
    figure: plot.figure,
    choose(seed) {
      chosen = seed;
      redraw();
    },
  };
}

/** Row i of a curve's x. */
const xOf = ({ x }: Curve, i: number): readonly number[] => x[x.length === 1 ? 0 : i] ?? [];

interface Scale {
  readonly at: (value: number) => number;
  readonly marks: readonly { readonly at: number; readonly text: string }[];
}

/** @param from, to pixels. */
function scaleOf(values: readonly number[], kind: "log" | "falling" | "cosine", from: number, to: number): Scale {
  if (kind === "cosine") {
    const at = (value: number): number => from + ((to - from) * (value + 1)) / 2;
    return { at, marks: [-1, -0.5, 0, 0.5, 1].map((tick) => ({ at: at(tick), text: String(tick).replace("-", "−") })) };
  }
  const logs = values.map(Math.log10);
  const [least, most] = [Math.min(...logs), Math.max(...logs)];
  const range = kind === "falling" ? { from: least - 0.05, to: most + 0.05 } : widened(null, least, most);
  const [begin, end] = kind === "falling" ? [to, from] : [from, to];
  const ofLog = (log: number): number => begin + ((end - begin) * (log - range.from)) / (range.to - range.from);
  const marks = kind === "falling" ? falling(values) : logMarks(range, 5);
  return { at: (value) => ofLog(Math.log10(value)), marks: marks.map(({ at, text }) => ({ at: ofLog(at), text })) };
}

/** The levels themselves. */
function falling(levels: readonly number[]): { at: number; text: string }[] {
  return [...new Set(levels)].map((level) => ({ at: Math.log10(level), text: String(level) }));
}

function shapes({ curves, xLabel, xScale, yScale }: Panel, chosen: number | null, width: number): SVGElement[] {
  const [left, right, top, bottom] = [MARGIN.left, width - MARGIN.right, MARGIN.top, HEIGHT - MARGIN.bottom];
  const time = (value: number): number => (value === 0 ? LEAST_TIME : value);
  const ys = curves.flatMap(({ y }) => y.flatMap((row) => row.filter((v) => v !== null)));
  const x = scaleOf(
    curves.flatMap((curve) => curve.x.flatMap((row) => row.map(time))),
    xScale,
    left,
    right,
  );
  const y = scaleOf(ys, yScale, bottom, top);
  return [
    ...x.marks.flatMap(({ at, text }) => [
      draw("line", { class: "grid", x1: at, x2: at, y1: top, y2: bottom }),
      draw("text", { class: "mark", x: at, y: bottom + 16, "text-anchor": "middle" }, text),
    ]),
    ...y.marks.flatMap(({ at, text }) => [
      draw("line", { class: "grid", x1: left, x2: right, y1: at, y2: at }),
      draw("text", { class: "mark", x: left - 6, y: at + 4, "text-anchor": "end" }, text),
    ]),
    ...curves.flatMap((curve, series) =>
      curve.y.map((row, seed) => {
        const points = row.flatMap((value, k) => {
          const own = xOf(curve, seed)[k];
          return value === null || own === undefined ? [] : [`${x.at(time(own)).toFixed(1)},${y.at(value).toFixed(1)}`];
        });
        const isQuiet = chosen !== null && chosen !== seed;
        const look = {
          fill: "none",
          opacity: isQuiet ? 0.15 : chosen === null ? 0.6 : 1,
          "stroke-width": chosen === seed ? 2.5 : 1.2,
        };
        return draw("polyline", { class: `line-${String(series)}`, points: points.join(" "), ...look });
      }),
    ),
    draw("text", { class: "axis", x: right, y: HEIGHT - 6, "text-anchor": "end" }, xLabel(messages())),
  ];
}

/** Of one seed its numbers; of all, at each x that they share, mean, least and most. */
function tableOf({ curves, xLabel }: Panel, chosen: number | null): { head: Text[]; rows: Text[][] } {
  const [first] = curves;
  if (first === undefined) return { head: [], rows: [] };
  const seed = chosen ?? 0;
  if (chosen === null && first.x.length > 1) {
    // Each seed has an x of its own: one seed after another.
    const ofSeed = (_: unknown, i: number): Text[][] =>
      xOf(first, i).map((at, k) => [significant(at), ...curves.map(({ y }) => significant(y[i]?.[k] ?? null))]);
    return { head: [xLabel, ...curves.map(({ name }) => name)], rows: first.y.flatMap(ofSeed) };
  }
  const rows = xOf(first, seed).map((at, k) => [
    String(at),
    ...curves.flatMap((curve) => {
      const { y } = curve;
      // One that is laid beside it may have levels of its own.
      const own = curve === first ? k : xOf(curve, seed).indexOf(at);
      if (chosen !== null || y.length === 1) return [significant(y[seed]?.[own] ?? null)];
      const all = y.map((row) => row[own] ?? null).filter((v) => v !== null);
      const mean = all.reduce((sum, v) => sum + v, 0) / all.length;
      return [mean, Math.min(...all), Math.max(...all)].map((v) => significant(Number.isFinite(v) ? v : null));
    }),
  ]);
  const heads = curves.flatMap(({ name, y }): Text[] =>
    chosen !== null || y.length === 1
      ? [name]
      : [(m) => `${name(m)}, ${words().runs.mean}`, () => words().runs.least, () => words().runs.most],
  );
  return { head: [xLabel, ...heads], rows };
}
