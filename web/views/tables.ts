/** The report as tables. Everything is written as text, never as markup. */
import type { Report, SampleRow } from "../../src/worker/client.ts";
import type { Messages } from "../i18n/en.ts";
import { significant as figures } from "../../src/report/numbers.ts";
import type { Text } from "../i18n/language.ts";
import { put, putAttribute } from "../i18n/language.ts";

export function ratioTable({ ratio, coefficient, penalties, ratioLower, ratioUpper }: Report): HTMLElement {
  const names = ["min", "p10", "median", "p90", "max"] as const;
  const row = (label: Text, values: Report["ratio"]): Text[] => [label, ...names.map((n) => figures(values[n]))];
  return table(
    (m) => m.table.ratio,
    (m) =>
      m.table.ratioCaption(
        figures(penalties.input),
        figures(penalties.parameter),
        figures(ratioLower),
        figures(ratioUpper),
      ),
    ["", (m) => m.table.min, "10 %", (m) => m.table.median, "90 %", (m) => m.table.max],
    [row((m) => m.table.leftOverRight, ratio), row((m) => m.table.coefficient, coefficient)],
  );
}

export function layerTable({ layers, model }: Report): HTMLElement {
  const rows = layers.map((layer, i) => [
    shapeOf(layer.layer, model.layers[i]),
    figures(model.layers[i]?.weightNorm.lower ?? null),
    figures(layer.tightness.min),
    figures(layer.tightness.median),
    figures(layer.tightness.max),
    figures(layer.alignmentWeight.median),
    figures(layer.alignmentJacobian.median),
  ]);
  const head: Text[] = [
    (m) => m.table.layer,
    "‖W‖",
    (m) => m.table.kappaMin,
    (m) => m.table.kappaMedian,
    (m) => m.table.kappaMax,
    (m) => m.table.atW,
    (m) => m.table.atJ,
  ];
  return table(
    (m) => m.table.layers,
    (m) => m.table.layersCaption,
    head,
    rows,
  );
}

/** "1: 784 → 64", and the tensor that it is, where a file names it. */
function shapeOf(layer: number, shape: Report["model"]["layers"][number] | undefined): string {
  const tensor = shape?.tensor === undefined ? "" : ` ← ${shape.tensor}`;
  return `${String(layer)}: ${String(shape?.inputs)} → ${String(shape?.outputs)}${tensor}`;
}

/** Four significant digits, "–" for none. */
export { significant as figures } from "../../src/report/numbers.ts";

/** A check's name; one that the page does not know keeps the report's. */
export function checkName(names: Messages["check"], check: string): string {
  return (names as Readonly<Record<string, string>>)[check] ?? check;
}

export function table(
  title: Text,
  captionText: Text,
  head: readonly Text[],
  rows: readonly (readonly Text[])[],
): HTMLElement {
  const section = document.createElement("section");
  const heading = document.createElement("h2");
  put(heading, title);
  const scroll = document.createElement("div");
  scroll.className = "scroll";
  // A narrow page scrolls its tables sideways: by keyboard too.
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  putAttribute(scroll, "aria-label", title);
  const grid = document.createElement("table");
  fillTable(grid, captionText, head, rows);
  scroll.append(grid);
  section.append(heading, scroll);
  return section;
}

/** Gives a table other content. */
export function fillTable(
  grid: HTMLTableElement,
  captionText: Text,
  head: readonly Text[],
  rows: readonly (readonly Text[])[],
): void {
  grid.replaceChildren();
  put(grid.createCaption(), captionText);
  const headRow = grid.createTHead().insertRow();
  for (const text of head) headRow.append(cell("th", text, "col"));
  const body = grid.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((text, i) => {
      line.append(i === 0 ? cell("th", text, "row") : cell("td", text));
    });
  }
}

function cell(kind: "th" | "td", text: Text, scope?: string): HTMLTableCellElement {
  const made = put(document.createElement(kind), text);
  if (scope !== undefined) made.scope = scope;
  return made;
}

/** The most outputs that are shown. */
const OUTPUTS = 64;

/** Of the head each-logit: what all outputs of a sample say together, and the worst of them, a button; null of any other. */
export function outputTable({ eachOutput, penalties }: Report, look: (index: number) => void): HTMLElement | null {
  if (eachOutput === undefined) return null;
  const { geometricComplexity, dirichletEnergies, worst } = eachOutput;
  const section = table(
    (m) => m.outputs.title,
    (m) => m.outputs.caption(figures(geometricComplexity), figures(penalties.input)),
    [(m) => m.outputs.output, "‖∇ₓh‖²"],
    dirichletEnergies.slice(0, OUTPUTS).map((energy, k) => [String(k), figures(energy)]),
  );
  section.id = "outputs";
  if (worst === null) return section;
  const { index, sample, output, verdict, ratio } = worst;
  const line = document.createElement("p");
  const words = put(document.createElement("span"), (m) => m.outputs.worst(m.verdict[verdict], figures(ratio)));
  line.append(words, " ", lookButton({ index, sample, output }, "worst", look));
  section.append(line);
  return section;
}

/** A sample's number, and of each-logit its output's. */
type Numbered = Pick<SampleRow, "index" | "sample" | "output">;

export function sampleName({ index, sample, output }: Numbered, m: Messages): string {
  return sample === undefined || output === undefined ? String(index) : m.outputs.sample(sample, output);
}

function lookButton(row: Numbered, key: string, look: (index: number) => void): HTMLButtonElement {
  const button = put(document.createElement("button"), (m) => sampleName(row, m));
  button.type = "button";
  button.dataset["key"] = `${key}-${String(row.index)}`;
  putAttribute(button, "aria-label", (m) => m.table.lookAt(sampleName(row, m)));
  button.addEventListener("click", () => {
    look(row.index);
  });
  return button;
}

/** The samples that want looking at, each number a button; `look` gets that of the one that was pressed. */
export function sampleTable(
  which: "tightest" | "leastSettled",
  rows: readonly SampleRow[],
  look: (index: number) => void,
): HTMLElement {
  const section = table(
    (m) => m.table[which],
    (m) => m.table[`${which}Caption`],
    [(m) => m.table.sample, (m) => m.table.verdict, (m) => m.table.leftOverRight, (m) => m.table.largestKappa],
    rows.map((row) => [
      "",
      (m: Messages) => m.verdict[row.verdict],
      figures(row.ratio),
      figures(Math.max(...row.layers.map((layer) => layer.tightness ?? 0))),
    ]),
  );
  section.querySelectorAll("tbody tr").forEach((line, i) => {
    const row = rows[i];
    if (row === undefined) return;
    line.firstElementChild?.append(lookButton(row, which, look));
  });
  return section;
}
