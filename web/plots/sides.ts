/** Both sides of one sample as bars, stacked by layer on one scale: the right side is whole, the left as long as left / right. */
import type { LayerRow, SampleRow } from "../../src/worker/client.ts";
import { make } from "../dom.ts";
import { messages, put, putAttribute } from "../i18n/language.ts";
import { createPlot, drawsChart } from "./figure.ts";
import { percent } from "./layers.ts";
import { draw, svgFile } from "./svg.ts";

export interface Share {
  readonly right: number;
  readonly left: number;
}

/** Layer t's share of the right side, ‖∇_{W_t}f‖² + ‖∇_{b_t}f‖² over the sum, and of the left, κ_t² times that. */
export function shares({ layers, rhs }: SampleRow): Share[] {
  return layers.map((layer: LayerRow) => {
    const bias = layer.biasGradientNorm ?? 0;
    const weight = layer.weightGradientNorm ?? NaN;
    const right = (bias * bias + weight * weight) / (rhs ?? NaN);
    return { right, left: right * (layer.tightness ?? NaN) ** 2 };
  });
}

/** "–" for a share of nothing. */
export function shareText(share: number): string {
  return Number.isFinite(share) ? percent(share) : "–";
}

const ROW = 26;
const MARGIN = { left: 64, right: 8, top: 4 } as const;
/** Colours, taken in turn by the layers. */
const COLOURS = 6;

export function createSides(row: SampleRow): HTMLElement {
  const all = shares(row);
  const svg = draw("svg", { role: "img", class: "chart" });
  putAttribute(svg, "aria-label", (m) => m.sample.barsLabel);
  const plot = createPlot(
    "sides",
    () => ({
      head: [(m) => m.table.layer, (m) => m.sample.left, (m) => m.sample.right],
      rows: all.map(({ left, right }, i) => [String(i + 1), shareText(left), shareText(right)]),
    }),
    () => svgFile(svg, messages().plot.sides),
  );
  plot.note((m) => m.sample.bars);
  drawsChart(plot, svg, (width) => ({
    height: 2 * ROW + 2 * MARGIN.top,
    shapes: (["left", "right"] as const).flatMap((side, i) => bars(all, side, MARGIN.top + i * ROW, width)),
  }));
  const legend = make("ul", "legend");
  row.layers.forEach(({ layer }, i) => {
    const name = put(make("span"), (m) => m.layers.name(layer));
    legend.append(make("li", "", make("span", `swatch layer-${String(i % COLOURS)}`), name));
  });
  plot.drawing.append(svg, legend);
  return plot.figure;
}

function bars(all: readonly Share[], side: "left" | "right", y: number, width: number): SVGElement[] {
  const unit = width - MARGIN.left - MARGIN.right;
  const label = { class: "axis", x: MARGIN.left - 8, y: y + 16, "text-anchor": "end" };
  const shapes: SVGElement[] = [draw("text", label, messages().sample[side])];
  let from = MARGIN.left;
  all.forEach((share, i) => {
    const part = Number.isFinite(share[side]) ? unit * share[side] : 0;
    const said = messages().sample.bar(side, i + 1, shareText(share[side]));
    const box = { x: from, y: y + 2, width: part, height: ROW - 6 };
    shapes.push(draw("rect", { class: `layer-${String(i % COLOURS)}`, ...box }, draw("title", {}, said)));
    from += part;
  });
  return shapes;
}
