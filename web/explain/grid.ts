/** A table of live numbers: heads and cells are words, numbers or formulas. */
import type { FormulaName } from "../formulas.ts";
import type { Text } from "../i18n/language.ts";
import { put, putAttribute } from "../i18n/language.ts";
import { formula } from "./rich.ts";

export type Cell = Text | { readonly formula: FormulaName };

export function grid(caption: Text, head: readonly Cell[], rows: readonly (readonly Cell[])[]): HTMLElement {
  const scroll = document.createElement("div");
  scroll.className = "scroll live";
  scroll.tabIndex = 0;
  scroll.setAttribute("role", "region");
  putAttribute(scroll, "aria-label", caption);
  const table = document.createElement("table");
  put(table.createCaption(), caption);
  const line = table.createTHead().insertRow();
  for (const cell of head) line.append(filled(heading("col"), cell));
  const body = table.createTBody();
  for (const row of rows) {
    const next = body.insertRow();
    row.forEach((cell, i) =>
      next.append(filled(i === 0 && rows.length > 1 ? heading("row") : document.createElement("td"), cell)),
    );
  }
  scroll.append(table);
  return scroll;
}

function heading(scope: "col" | "row"): HTMLTableCellElement {
  const made = document.createElement("th");
  made.scope = scope;
  return made;
}

function filled(element: HTMLElement, cell: Cell): HTMLElement {
  if (typeof cell !== "object") return put(element, cell);
  element.append(formula(cell.formula));
  return element;
}
