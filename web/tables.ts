/** The report as tables. Everything is written as text, never as markup. */
import type { Report, SampleRow } from "../src/worker/client.ts";

export function ratioTable({ ratio, coefficient, penalties }: Report): HTMLElement {
  const names = ["min", "p10", "median", "p90", "max"] as const;
  const row = (label: string, values: Report["ratio"]): string[] => [label, ...names.map((n) => figures(values[n]))];
  const caption = `Left over right side, and the coefficient between the penalties (means: input ${figures(penalties.input)}, parameter ${figures(penalties.parameter)})`;
  return table(
    "How tight",
    caption,
    ["", "min", "10 %", "median", "90 %", "max"],
    [row("left / right", ratio), row("coefficient", coefficient)],
  );
}

export function layerTable({ layers, model }: Report): HTMLElement {
  const rows = layers.map((layer, i) => [
    `${String(layer.layer)}: ${String(model.layers[i]?.inputs)} → ${String(model.layers[i]?.outputs)}`,
    figures(model.layers[i]?.weightNorm.lower ?? null),
    figures(layer.tightness.min),
    figures(layer.tightness.median),
    figures(layer.tightness.max),
    figures(layer.alignmentWeight.median),
    figures(layer.alignmentJacobian.median),
  ]);
  const caption = "κ = ‖∇ₓf‖ / (‖δ‖ ‖W‖ ‖J‖) is at most 1, and 1 is equality; its parts at W and at J are medians";
  return table("Which layer", caption, ["layer", "‖W‖", "κ min", "κ median", "κ max", "at W", "at J"], rows);
}

export function figures(value: number | null): string {
  return value === null ? "–" : value.toPrecision(4);
}

export function table(
  title: string,
  captionText: string,
  head: readonly string[],
  rows: readonly (readonly string[])[],
): HTMLElement {
  const section = document.createElement("section");
  const heading = document.createElement("h2");
  heading.textContent = title;
  const scroll = document.createElement("div");
  scroll.className = "scroll";
  // A narrow page scrolls its tables sideways: by keyboard too.
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  scroll.setAttribute("aria-label", title);
  const grid = document.createElement("table");
  grid.createCaption().textContent = captionText;
  const headRow = grid.createTHead().insertRow();
  for (const text of head) headRow.append(cell("th", text, "col"));
  const body = grid.createTBody();
  for (const row of rows) {
    const line = body.insertRow();
    row.forEach((text, i) => {
      line.append(i === 0 ? cell("th", text, "row") : cell("td", text));
    });
  }
  scroll.append(grid);
  section.append(heading, scroll);
  return section;
}

function cell(kind: "th" | "td", text: string, scope?: string): HTMLTableCellElement {
  const made = document.createElement(kind);
  made.textContent = text;
  if (scope !== undefined) made.scope = scope;
  return made;
}

/** The samples that want looking at; `look` gets the one whose button was pressed. */
export function sampleTable(
  title: string,
  caption: string,
  rows: readonly SampleRow[],
  look: (row: SampleRow) => void,
): HTMLElement {
  const section = table(
    title,
    caption,
    ["sample", "verdict", "left / right", "largest κ", ""],
    rows.map((row) => [
      String(row.index),
      row.verdict,
      figures(row.ratio),
      figures(Math.max(...row.layers.map((layer) => layer.tightness ?? 0))),
      "",
    ]),
  );
  section.querySelectorAll("tbody tr").forEach((line, i) => {
    const row = rows[i];
    if (row === undefined) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Look";
    button.setAttribute("aria-label", `Look at sample ${String(row.index)}`);
    button.addEventListener("click", () => {
      look(row);
    });
    line.lastElementChild?.append(button);
  });
  return section;
}
