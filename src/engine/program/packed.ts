/** What is read back of a batch's sums: a word for each measure, its exponent in half a word, and one word for all that must be finite (pack.wgsl). */
import type { Matrix, Measure, Stage } from "./stage.ts";
import { matrix } from "./stage.ts";
import type { Sums } from "./sums.ts";

export interface Packed {
  /** (1 + words + half as many exponents) × B words: the largest of all that must be finite, then the words, then the exponents in pairs. */
  readonly into: Matrix;
  readonly stage: Stage;
  /** What the host writes once. */
  readonly table: Matrix;
  readonly entries: Uint32Array<ArrayBuffer>;
  /** Row of a measure's word, and the number of its exponent, counted from 0; null where there is none. */
  readonly placeOf: (measure: Measure) => { readonly row: number; readonly exponent: number | null } | null;
  /** Row of the first pair of exponents. */
  readonly exponents: number;
}

/** @param measures of B columns each. @param finite matrices whose norms are among the sums, of B or 2B columns. */
export function packed(sums: Sums, measures: readonly Measure[], finite: readonly Matrix[], columns: number): Packed {
  const group = (offset: number): number => offset / columns;
  const places = new Map<Measure, { readonly row: number; readonly exponent: number | null }>();
  const words: number[] = [];
  const exponents: number[] = [];
  for (const measure of measures) {
    const { kind, of, column } = measure;
    const offset = sums.offsetOf(kind, of);
    if (offset === null) continue;
    const own = 2 * group(offset + column);
    const isScaled = kind === "norm" || kind === "dot";
    places.set(measure, { row: 1 + words.length, exponent: isScaled ? exponents.length : null });
    words.push(isScaled ? own + 1 : own);
    if (isScaled) exponents.push(kind === "dot" ? own + 1 : own);
  }
  const groups = finite.flatMap((of) => {
    const first = group(sums.offsetOf("norm", of) as number);
    return Array.from({ length: group(of.columns) }, (_, i) => first + i);
  });
  const entries = Uint32Array.from([...groups, ...words, ...exponents]);
  const into = matrix("packed", 0, 1 + words.length + Math.ceil(exponents.length / 2), columns);
  const table = matrix("pack-table", 0, entries.length, 1);
  const sizes = { columns, finite: groups.length, words: words.length, exponents: exponents.length };
  return {
    ...{ into, table, entries, placeOf: (measure) => places.get(measure) ?? null, exponents: 1 + words.length },
    stage: { name: "what is read back", kernel: "pack", overrides: {}, sizes, operands: [sums.into, table, into] },
  };
}
