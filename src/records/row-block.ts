/** Rows of consecutive samples as columns, for writers to whom an object a row is too dear. */
import type { LayerRow, SampleRow } from "./sample.ts";

/** Names of the numbers of a row that columns hold, in the row's order. */
export const ROW_NUMBERS = [
  "value",
  "inputGradientNorm",
  "parameterGradientNorm",
  "lhs",
  "rhs",
  "ratio",
  "ratioLower",
  "ratioUpper",
  "coefficient",
] as const satisfies readonly (keyof SampleRow)[];

/** The same of a layer, after its number and verdict. */
export type LayerNumber = Exclude<keyof LayerRow, "layer" | "verdict" | "reason">;

export interface RowBlock {
  /** Index of the first sample in the run. */
  readonly first: number;
  readonly samples: number;
  /**
   * By place in the block. 1: the columns say all of the sample; its verdicts are "holds" without a reason, and all of its numbers are finite but those
   * that are null in every way of writing, which are NaN. 0: only `row` does.
   */
  readonly plain: Uint8Array;
  readonly numbers: Readonly<Record<(typeof ROW_NUMBERS)[number], Float64Array>>;
  /** Layer t at t − 1; a number where all samples have the same, null where they have none. */
  readonly layers: readonly Readonly<Record<LayerNumber, Float64Array | number | null>>[];
  /** Any sample's row. @param at its place in the block. */
  readonly row: (at: number) => SampleRow;
}
