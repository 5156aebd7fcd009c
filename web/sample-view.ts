/** One sample at close range: its picture, both sides by layer, its numbers beside f64's, and its witness to take away. */
import type { Examined, LayerRow, SampleRow } from "../src/worker/client.ts";
import { figures, table } from "./tables.ts";

const SVG = "http://www.w3.org/2000/svg";

export function sampleView({ row, input, right, finding, witness }: Examined): HTMLElement[] {
  const heading = document.createElement("h2");
  heading.textContent = `Sample ${String(row.index)}: ${row.verdict}, left / right = ${figures(row.ratio)}`;
  const said = document.createElement("p");
  said.textContent = `Replayed: ${finding}.`;
  const picture = pictureOf(input);
  const parts = [heading, said, ...(picture === null ? [] : [picture]), sides(row), numbers(row, right)];
  const violations = (row.violations ?? []).slice(0, 8);
  if (violations.length > 0)
    parts.push(list(violations.map((v) => `${v.check}, layer ${String(v.layer)}: ${v.detail}`)));
  return [...parts, download(row, witness)];
}

/** The input as a grey picture, where it is a square one; null elsewhere. */
function pictureOf(input: Float64Array): HTMLElement | null {
  const side = Math.round(Math.sqrt(input.length));
  if (side * side !== input.length || side < 4) return null;
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height, canvas.className] = [side, side, "picture"];
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `the sample's input as a picture of ${String(side)} by ${String(side)} points`);
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
  caption.textContent = "Left side (above) and right side by layer, on one scale";
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 100 16");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "bars of both sides, stacked by layer; the table below has the numbers");
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
      title.textContent = `${side}, layer ${String(i + 1)}: ${(100 * share[side]).toFixed(1)} % of the right side`;
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
  const rows = row.layers.map((layer, i) => [
    String(layer.layer),
    layer.verdict,
    percent(all[i]?.left ?? NaN),
    percent(all[i]?.right ?? NaN),
    `${figures(layer.tightnessLower)} … ${figures(layer.tightnessUpper)}`,
    figures(right.layers[i]?.tightness ?? null),
    `${figures(layer.jacobianNormLower)} … ${figures(layer.jacobianNormUpper)}`,
    figures(right.layers[i]?.jacobianNorm ?? null),
  ]);
  const head = ["layer", "verdict", "left", "right", "κ, proven", "κ in f64", "‖J‖, proven", "‖J‖ in f64"];
  return table(
    "By layer",
    "Shares of the right side; proven intervals; the same network and input wholly in f64",
    head,
    rows,
  );
}

function list(lines: readonly string[]): HTMLElement {
  const items = document.createElement("ul");
  for (const line of lines) {
    const item = document.createElement("li");
    item.textContent = line;
    items.append(item);
  }
  return items;
}

function download(row: SampleRow, witness: string): HTMLElement {
  const paragraph = document.createElement("p");
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([witness], { type: "application/json" }));
  link.download = `${row.verdict}-${String(row.index)}.json`;
  link.textContent = "Download the witness";
  const hint = document.createElement("code");
  hint.textContent = `npx gradient-penalty-verifier replay ${link.download}`;
  paragraph.append(link, " and examine it on the command line: ", hint);
  return paragraph;
}
