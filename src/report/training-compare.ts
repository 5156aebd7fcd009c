/** Two series of probes side by side, step by step: as a table, and as a page with curves. Pure functions. */
import type { Maybe } from "../records/kit.ts";
import type { SeriesRow } from "../records/training.ts";
import { joined } from "./console.ts";
import { stepPlot } from "./html-curves.ts";
import { html, page, section, table } from "./html-markup.ts";
import { footer } from "./html-parts.ts";
import { grouped, significant } from "./numbers.ts";

/** A step of either series. Of a series of several seeds, the run of the first one. */
export interface PairedRow {
  readonly step: number;
  readonly a: SeriesRow | null;
  readonly b: SeriesRow | null;
}

export function pairRows(a: readonly SeriesRow[], b: readonly SeriesRow[]): PairedRow[] {
  const firstRun = (rows: readonly SeriesRow[]): Map<number, SeriesRow> =>
    new Map(rows.filter(({ seed }) => seed === rows[0]?.seed).map((row) => [row.step, row]));
  const [left, right] = [firstRun(a), firstRun(b)];
  const steps = [...new Set([...left.keys(), ...right.keys()])].sort((x, y) => x - y);
  return steps.map((step) => ({ step, a: left.get(step) ?? null, b: right.get(step) ?? null }));
}

const QUANTITIES: readonly (readonly [title: string, of: (row: SeriesRow) => Maybe])[] = [
  ["loss", (row) => row.trainLoss],
  ["held out", (row) => row.heldOutLoss],
  ["P_x", (row) => row.functions[0]?.inputPenalty ?? null],
  ["P_θ", (row) => row.functions[0]?.parameterPenalty ?? null],
  ["P_θ/P_x", (row) => row.functions[0]?.penaltyRatio ?? null],
  ["C", (row) => row.functions[0]?.coefficient ?? null],
  ["ρ", (row) => row.functions[0]?.ratio ?? null],
  ["complexity", (row) => row.geometricComplexity],
  ["λ_max", (row) => row.hessian.largest],
];

/** Each quantity of both series in one plot; a step that a series has not is left out of its line. */
export function comparisonPage(pairs: readonly PairedRow[], [a, b]: readonly [string, string]): string {
  const steps = pairs.map(({ step }) => step);
  const values = (of: (row: SeriesRow) => Maybe, side: "a" | "b"): Maybe[] =>
    pairs.map((pair) => (pair[side] === null ? null : of(pair[side])));
  return page(
    `${a} beside ${b}`,
    html`<h1>Two series of probes</h1>
      <p class="quiet">A: ${a}; B: ${b}. P_x, P_θ, C and ρ are of the loss.</p>
      ${section(
        "Step by step",
        html`<div class="plots">
          ${QUANTITIES.map(([title, of], i) =>
            stepPlot({
              ...{ id: `quantity-${String.fromCharCode(97 + i)}`, title, steps },
              lines: [
                { name: "A", values: values(of, "a") },
                { name: "B", values: values(of, "b") },
              ],
            }),
          )}
        </div>`,
        table(
          "Every step",
          ["step", ...QUANTITIES.flatMap(([title]) => [`${title} A`, `${title} B`])],
          pairs.map((pair) => [
            grouped(pair.step),
            ...QUANTITIES.flatMap(([, of]) =>
              [pair.a, pair.b].map((row) => (row === null ? "–" : significant(of(row)))),
            ),
          ]),
        ),
      )}
      ${footer()}`,
  );
}

/** Quantities a table: two columns each, and the step's, within 80 columns. */
const TOGETHER = 3;

export function comparisonConsole(pairs: readonly PairedRow[], [a, b]: readonly [string, string]): string {
  const tables: string[][] = [];
  for (let from = 0; from < QUANTITIES.length; from += TOGETHER) {
    const own = QUANTITIES.slice(from, from + TOGETHER);
    const head = ["step", ...own.flatMap(([title]) => [`${title} A`, `${title} B`])];
    const rows = pairs.map((pair) => [
      grouped(pair.step),
      ...own.flatMap(([, of]) => [pair.a, pair.b].map((row) => (row === null ? "–" : significant(of(row))))),
    ]);
    const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? "").length)));
    tables.push([head, ...rows].map((row) => `  ${row.map((cell, i) => cell.padStart(widths[i] ?? 0)).join("  ")}`));
  }
  return joined([[`Two series of probes: A ${a}, B ${b} (– where there is no such step)`], ...tables]);
}
