/** Two series of probes as one table, step by step. Pure functions. */
import type { Maybe } from "../records/kit.ts";
import type { SeriesRow } from "../records/training.ts";
import { joined } from "./console.ts";
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
