/** One sample at close range: its picture, both sides by layer, its numbers beside f64's, and its witness to take away. */
import type { Examined, LayerRow, SampleRow } from "../src/worker/client.ts";
import type { Text } from "./i18n/language.ts";
import { put, putAttribute } from "./i18n/language.ts";
import { checkName, figures, table } from "./tables.ts";

const SVG = "http://www.w3.org/2000/svg";

export function sampleView({ row, input, right, finding, witness }: Examined): HTMLElement[] {
  const heading = document.createElement("h2");
  put(heading, (m) => m.sample.heading(row.index, m.verdict[row.verdict], figures(row.ratio)));
  const said = document.createElement("p");
  put(said, (m) => m.sample.replayed(finding));
  const picture = pictureOf(input);
  const parts = [heading, said, ...(picture === null ? [] : [picture]), sides(row), numbers(row, right)];
  const violations = (row.violations ?? []).slice(0, 8);
  if (violations.length > 0)
    parts.push(list(violations.map((v) => (m) => m.sample.violation(checkName(m.check, v.check), v.layer, v.detail))));
  return [...parts, download(row, witness)];
}

/** The input as a grey picture, where it is a square one; null elsewhere. */
function pictureOf(input: Float64Array): HTMLElement | null {
  const side = Math.round(Math.sqrt(input.length));
  if (side * side !== input.length || side < 4) return null;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height, canvas.className] = [side, side, "picture"];
  canvas.setAttribute("role", "img");
  putAttribute(canvas, "aria-label", (m) => m.sample.picture(side));
  const least = Math.min(...input);
  const range = Math.max(...input) - least || 1;
  const image = new ImageData(side, side);
  input.forEach((v, i) => {
    const grey = Math.round((255 * (v - least)) / range);
    image.data.set([grey, grey, grey, 255], 4 * i);
  });
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}

/** Layer t's share of the right side, ‖δ_t‖²(1 + ‖h_t‖²) over the sum, and of the left, κ_t² times that. */
function shares(row: SampleRow): { right: number; left: number }[] {
  return row.layers.map((layer: LayerRow) => {
    const bias = layer.biasGradientNorm ?? NaN;
    const hidden = layer.hiddenNorm ?? NaN;
    const right = (bias * bias * (1 + hidden * hidden)) / (row.rhs ?? NaN);
    return { right, left: right * (layer.tightness ?? NaN) ** 2 };
  });
}

/** Both sides as bars, stacked by layer on one scale: the right side is whole, the left as long as left / right. */
function sides(row: SampleRow): HTMLElement {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  put(caption, (m) => m.sample.bars);
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 16");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  putAttribute(svg, "aria-label", (m) => m.sample.barsLabel);
  svg.classList.add("bars");
  const all = shares(row);
  for (const [side, y] of [
    ["left", 1],
    ["right", 9],
  ] as const) {
    let x = 0;
    all.forEach((share, i) => {
      const width = Number.isFinite(share[side]) ? 100 * share[side] : 0;
      const bar = document.createElementNS(SVG, "rect");
      for (const [name, value] of Object.entries({ x, y, width, height: 6 })) bar.setAttribute(name, String(value));
      bar.classList.add(`layer-${String(i % 6)}`);
      const title = document.createElementNS(SVG, "title");
      put(title, (m) => m.sample.bar(side, i + 1, `${(100 * share[side]).toFixed(1)} %`));
      bar.append(title);
      svg.append(bar);
      x += width;
    });
  }
  figure.append(caption, svg);
  return figure;
}

function numbers(row: SampleRow, right: SampleRow): HTMLElement {
  const percent = (x: number): string => (Number.isFinite(x) ? `${(100 * x).toFixed(1)} %` : "–");
  const all = shares(row);
  const rows = row.layers.map((layer, i): Text[] => [
    String(layer.layer),
    (m) => m.verdict[layer.verdict],
    percent(all[i]?.left ?? NaN),
    percent(all[i]?.right ?? NaN),
    `${figures(layer.tightnessLower)} … ${figures(layer.tightnessUpper)}`,
    figures(right.layers[i]?.tightness ?? null),
    `${figures(layer.jacobianNormLower)} … ${figures(layer.jacobianNormUpper)}`,
    figures(right.layers[i]?.jacobianNorm ?? null),
  ]);
  const head: Text[] = [
    (m) => m.table.layer,
    (m) => m.table.verdict,
    (m) => m.sample.left,
    (m) => m.sample.right,
    (m) => m.sample.kappaProven,
    (m) => m.sample.kappaF64,
    (m) => m.sample.jacobianProven,
    (m) => m.sample.jacobianF64,
  ];
  return table(
    (m) => m.sample.layers,
    (m) => m.sample.layersCaption,
    head,
    rows,
  );
}

function list(lines: readonly Text[]): HTMLElement {
  const items = document.createElement("ul");
  for (const line of lines) {
    const item = document.createElement("li");
    put(item, line);
    items.append(item);
  }
  return items;
}

function download(row: SampleRow, witness: string): HTMLElement {
  const paragraph = document.createElement("p");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([witness], { type: "application/json" }));
  link.download = `${row.verdict}-${String(row.index)}.json`;
  put(link, (m) => m.sample.download);
  const hint = document.createElement("code");
  hint.textContent = `npx gradient-penalty-verifier replay ${link.download}`;
  const between = put(document.createElement("span"), (m) => m.sample.examine);
  paragraph.append(link, " ", between, " ", hint);
  return paragraph;
}
