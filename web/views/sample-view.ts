/** One sample at close range: its picture, both sides by layer, its numbers beside f64's, and its witness to take away. */
import type { Examined, SampleRow } from "../../src/worker/client.ts";
import type { Text } from "../i18n/language.ts";
import { put, putAttribute } from "../i18n/language.ts";
import { make } from "../dom.ts";
import { createSides, shares, shareText } from "../plots/sides.ts";
import { checkName, figures, sampleName, table } from "./tables.ts";

export function sampleView({ row, input, model, right, finding, witness }: Examined): HTMLElement[] {
  const heading = document.createElement("h2");
  put(heading, (m) => m.sample.heading(sampleName(row, m), m.verdict[row.verdict], figures(row.ratio)));
  const said = document.createElement("p");
  put(said, (m) => m.sample.replayed(finding));
  const picture = pictureOf(input);
  const pair = make("div", "pair", ...(picture === null ? [] : [picture]), createSides(row));
  const parts: HTMLElement[] = [heading, said, pair, numbers(row, right, model)];
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

/** Every norm's proven interval, beside the same network and input wholly in f64. */
function numbers(row: SampleRow, right: SampleRow, model: Examined["model"]): HTMLElement {
  const all = shares(row);
  const interval = (lower: number | null, upper: number | null): string => `${figures(lower)} … ${figures(upper)}`;
  const rows = row.layers.map((layer, i): Text[] => {
    const weight = model.layers[i]?.weightNorm;
    return [
      String(layer.layer),
      (m) => m.verdict[layer.verdict],
      shareText(all[i]?.left ?? NaN),
      shareText(all[i]?.right ?? NaN),
      interval(layer.tightnessLower, layer.tightnessUpper),
      figures(right.layers[i]?.tightness ?? null),
      interval(layer.jacobianNormLower, layer.jacobianNormUpper),
      figures(right.layers[i]?.jacobianNorm ?? null),
      figures(layer.jacobianNormError),
      interval(weight?.lower ?? null, weight?.upper ?? null),
      figures(layer.hiddenNorm),
      figures(layer.biasGradientNorm),
    ];
  });
  const head: Text[] = [
    (m) => m.table.layer,
    (m) => m.table.verdict,
    (m) => m.sample.left,
    (m) => m.sample.right,
    (m) => m.sample.kappaProven,
    (m) => m.sample.kappaF64,
    (m) => m.sample.jacobianProven,
    (m) => m.sample.jacobianF64,
    (m) => m.sample.jacobianError,
    (m) => m.sample.weightProven,
    "‖h‖",
    "‖δ‖",
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
