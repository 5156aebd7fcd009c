/**
 * Layer by layer: how tight κ_t and its two factors are (from least to largest, the median marked), and what the layer loses of the total
 * inequality, at W_t and at J_t.
 */
import type { Report } from "../../src/worker/client.ts";
import { significant } from "../../src/report/numbers.ts";
import type { Text } from "../i18n/language.ts";
import { messages, putAttribute } from "../i18n/language.ts";
import type { TableContent } from "./figure.ts";
import { createPlot, drawsChart } from "./figure.ts";
import { draw, svgFile } from "./svg.ts";

export interface LayerPlot {
  readonly figure: HTMLElement;
  readonly show: (report: Report) => void;
}

type Layer = Report["layers"][number];
const MARGIN = { left: 104, right: 26, top: 22, bottom: 6 } as const;

/** κ, α and β: their names do not depend on the language. */
const RANGES = [
  { name: "κ", of: (layer: Layer) => layer.tightness },
  { name: "α", of: (layer: Layer) => layer.alignmentWeight },
  { name: "β", of: (layer: Layer) => layer.alignmentJacobian },
] as const;

export function createTightness(): LayerPlot {
  return createLayerPlot("tightness", 48, (layer, x, y) =>
    RANGES.flatMap(({ name, of }, i) => {
      const { min, median, max } = of(layer);
      if (min === null || median === null || max === null) return [];
      const at = y + 10 + 14 * i;
      const label = `${name}: ${significant(min)} … ${significant(median)} … ${significant(max)}`;
      return [
        draw("text", { class: "mark", x: x(0) - 8, y: at + 4, "text-anchor": "end" }, name),
        draw("line", { class: `range ${name}`, x1: x(min), x2: x(max), y1: at, y2: at }, draw("title", {}, label)),
        draw("circle", { class: `median ${name}`, cx: x(median), cy: at, r: 4.5 }, draw("title", {}, label)),
      ];
    }),
  );
}

export function createLosses(): LayerPlot {
  return createLayerPlot("losses", 34, (layer, x, y) => {
    const [weight, jacobian] = [layer.slackWeight.median ?? 0, layer.slackJacobian.median ?? 0];
    return [
      ...bar("W", "loss-weight", 0, weight, x, y),
      ...bar("J", "loss-jacobian", weight, jacobian, x, y),
      draw("text", { class: "axis", ...beside(weight + jacobian, x), y: y + 21 }, percent(weight + jacobian)),
    ];
  });
}

/** After a bar, or within its end where there is no room after it. */
function beside(share: number, x: (share: number) => number): { x: number; "text-anchor": string } {
  return share < 0.8 ? { x: x(share) + 6, "text-anchor": "start" } : { x: x(share) - 6, "text-anchor": "end" };
}

/** One part of a bar, with its name in it where there is room. */
function bar(
  name: string,
  className: string,
  from: number,
  share: number,
  x: (share: number) => number,
  y: number,
): SVGElement[] {
  const width = x(share) - x(0);
  const box = { x: x(from), width, y: y + 6, height: 20 };
  const part = draw("rect", { class: className, ...box }, draw("title", {}, `${name}: ${percent(share)}`));
  const middle = { x: x(from) + width / 2, y: y + 21, "text-anchor": "middle" };
  return width < 18 ? [part] : [part, draw("text", { class: "within", ...middle }, name)];
}

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function createLayerPlot(
  name: "tightness" | "losses",
  rowHeight: number,
  row: (layer: Layer, x: (share: number) => number, y: number) => SVGElement[],
): LayerPlot {
  let report: Report | null = null;
  const svg = draw("svg", { role: "img", class: "chart" });
  putAttribute(svg, "aria-label", (m) => m.layers[`${name}Label`]);
  const plot = createPlot(
    name,
    () => (report === null ? { head: [], rows: [] } : tableOf(report, name)),
    () => svgFile(svg, messages().plot[name]),
  );
  plot.note((m) => m.layers[`${name}Note`]);
  plot.drawing.append(svg);
  const redraw = drawsChart(plot, svg, (width) => {
    if (report === null) return null;
    const { layers, model } = report;
    const height = MARGIN.top + layers.length * rowHeight + MARGIN.bottom;
    const x = (share: number): number => MARGIN.left + (width - MARGIN.left - MARGIN.right) * share;
    const marks = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => [
      draw("line", { class: "grid", x1: x(share), x2: x(share), y1: MARGIN.top, y2: height - MARGIN.bottom }),
      draw("text", { class: "mark", x: x(share), y: 14, "text-anchor": "middle" }, markText(name, share)),
    ]);
    const rows = layers.flatMap((layer, i) => {
      const y = MARGIN.top + i * rowHeight;
      const shape = model.layers[i];
      const label = draw(
        "text",
        { class: "axis", x: 0, y: y + rowHeight / 2 - 2 },
        messages().layers.name(layer.layer),
      );
      const sizes = `${String(shape?.inputs)} → ${String(shape?.outputs)}`;
      return [label, draw("text", { class: "mark", x: 0, y: y + rowHeight / 2 + 12 }, sizes), ...row(layer, x, y)];
    });
    return { height, shapes: [...marks, ...rows] };
  });
  return {
    figure: plot.figure,
    show(next) {
      report = next;
      redraw();
    },
  };
}

function markText(name: "tightness" | "losses", share: number): string {
  return name === "losses" ? `${String(100 * share)} %` : String(share);
}

function tableOf({ layers }: Report, name: "tightness" | "losses"): TableContent {
  const spread = ({ min, median, max }: Layer["tightness"]): Text[] => [min, median, max].map(significant);
  const three = (of: string): Text[] => [
    (m) => `${of} ${m.table.min}`,
    (m) => `${of} ${m.table.median}`,
    (m) => `${of} ${m.table.max}`,
  ];
  if (name === "tightness") {
    return {
      head: [(m) => m.table.layer, ...RANGES.flatMap((range) => three(range.name))],
      rows: layers.map((layer) => [String(layer.layer), ...RANGES.flatMap((range) => spread(range.of(layer)))]),
    };
  }
  return {
    head: [(m) => m.table.layer, ...three("W"), ...three("J")],
    rows: layers.map((layer) => [String(layer.layer), ...spread(layer.slackWeight), ...spread(layer.slackJacobian)]),
  };
}
