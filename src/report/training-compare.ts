/**
 * Two series of probes side by side, step by step: as a table, and as a page with curves. Pure functions.
 *
 * Of a series of several seeds each number is the mean over them, and its least and greatest value stand beside it.
 */
import type { Maybe } from "../records/kit.ts";
import type { SeriesRow } from "../records/training.ts";
import { joined } from "./console.ts";
import { stepPlot } from "./html-curves.ts";
import { html, page, section, table } from "./html-markup.ts";
import { footer } from "./html-parts.ts";
import { grouped, significant } from "./numbers.ts";

/** A step of either series: a row of each seed that has it. */
export interface PairedRow {
  readonly step: number;
  readonly a: readonly SeriesRow[];
  readonly b: readonly SeriesRow[];
}

type Side = "a" | "b";

export function pairRows(a: readonly SeriesRow[], b: readonly SeriesRow[]): PairedRow[] {
  const steps = [...new Set([...a, ...b].map(({ step }) => step))].sort((x, y) => x - y);
  const at = (rows: readonly SeriesRow[], step: number): SeriesRow[] => rows.filter((row) => row.step === step);
  return steps.map((step) => ({ step, a: at(a, step), b: at(b, step) }));
}

type Quantity = readonly [title: string, of: (row: SeriesRow) => Maybe];

const QUANTITIES: readonly Quantity[] = [
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

/** What stands of a quantity's seeds at a step. */
const PARTS = {
  "": (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length,
  least: (values: readonly number[]) => Math.min(...values),
  most: (values: readonly number[]) => Math.max(...values),
} as const;

type Part = keyof typeof PARTS;

/** Of the seeds for which the number is there; null where it is of none. */
function partOf(rows: readonly SeriesRow[], of: Quantity[1], part: Part): Maybe {
  const values = rows.flatMap((row) => of(row) ?? []);
  return values.length === 0 ? null : PARTS[part](values);
}

interface Column {
  readonly name: string;
  readonly of: (pair: PairedRow) => Maybe;
}

/** "loss A", or of several seeds "loss A", "least", "most". */
function columnsOf([title, of]: Quantity, seeds: Readonly<Record<Side, number>>): Column[] {
  return (["a", "b"] as const).flatMap((side) =>
    partsOf(seeds[side]).map((part) => ({
      name: part === "" ? `${title} ${side.toUpperCase()}` : part,
      of: (pair: PairedRow) => partOf(pair[side], of, part),
    })),
  );
}

function partsOf(seeds: number): readonly Part[] {
  return seeds > 1 ? ["", "least", "most"] : [""];
}

function seedsOf(pairs: readonly PairedRow[]): Record<Side, number> {
  const count = (side: Side): number => new Set(pairs.flatMap((pair) => pair[side].map(({ seed }) => seed))).size;
  return { a: count("a"), b: count("b") };
}

function cell(pair: PairedRow, { of }: Column): string {
  const value = of(pair);
  return value === null ? "–" : significant(value);
}

/** "plain.jsonl, the mean of 5 seeds". */
function named(name: string, seeds: number): string {
  return seeds > 1 ? `${name}, the mean of ${String(seeds)} seeds` : name;
}

/** Each quantity of both series in one plot; a step that a series has not is left out of its line. */
export function comparisonPage(pairs: readonly PairedRow[], [a, b]: readonly [string, string]): string {
  const steps = pairs.map(({ step }) => step);
  const seeds = seedsOf(pairs);
  const columns = QUANTITIES.flatMap((quantity) => columnsOf(quantity, seeds));
  return page(
    `${a} beside ${b}`,
    html`<h1>Two series of probes</h1>
      <p class="quiet">A: ${named(a, seeds.a)}; B: ${named(b, seeds.b)}. P_x, P_θ, C and ρ are of the loss.</p>
      ${section(
        "Step by step",
        html`<div class="plots">
          ${QUANTITIES.map(([title, of], i) =>
            stepPlot({
              ...{ id: `quantity-${String.fromCharCode(97 + i)}`, title, steps },
              lines: (["a", "b"] as const).flatMap((side) =>
                partsOf(seeds[side]).map((part) => ({
                  name: `${side.toUpperCase()} ${part}`.trim(),
                  values: pairs.map((pair) => partOf(pair[side], of, part)),
                })),
              ),
            }),
          )}
        </div>`,
        table(
          "Every step",
          ["step", ...columns.map(({ name }) => name)],
          pairs.map((pair) => [grouped(pair.step), ...columns.map((column) => cell(pair, column))]),
        ),
      )}
      ${footer()}`,
  );
}

/** Columns a table beside the step's, within 80 characters. */
const TOGETHER = 6;

export function comparisonConsole(pairs: readonly PairedRow[], [a, b]: readonly [string, string]): string {
  const seeds = seedsOf(pairs);
  const each = partsOf(seeds.a).length + partsOf(seeds.b).length;
  const together = Math.floor(TOGETHER / each);
  const tables: string[][] = [];
  for (let from = 0; from < QUANTITIES.length; from += together) {
    const columns = QUANTITIES.slice(from, from + together).flatMap((quantity) => columnsOf(quantity, seeds));
    const head = ["step", ...columns.map(({ name }) => name)];
    const rows = pairs.map((pair) => [grouped(pair.step), ...columns.map((column) => cell(pair, column))]);
    const widths = head.map((name, i) => Math.max(name.length, ...rows.map((row) => (row[i] ?? "").length)));
    tables.push([head, ...rows].map((row) => `  ${row.map((text, i) => text.padStart(widths[i] ?? 0)).join("  ")}`));
  }
  const names = [`  A ${named(a, seeds.a)}`, `  B ${named(b, seeds.b)}`];
  return joined([["Two series of probes (– where there is no such step)", ...names], ...tables]);
}
