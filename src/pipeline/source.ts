/** The samples of a run. */
import type { InputDistribution } from "../sampling/inputs.ts";
import type { InputDifference } from "../verification/audit/drawn-inputs.ts";

/** Where the inputs come from, by index. */
export interface SampleSource {
  readonly samples: number;
  readonly width: number;
  /** Samples first … first + count − 1: count × width, row-major, and labels (−1 for none) where there are any. */
  read(first: number, count: number): { inputs: Float64Array; labels: Int32Array | null };
  /** Sample `index` once more, from where it came by a way of its own (a file's bytes); where left out, `read` is asked for it alone. */
  readonly again?: ((index: number) => { inputs: Float64Array; labels: Int32Array | null } | null) | null;
  /** Where inputs are drawn: what of sample `index` is not as the audit draws it by its own means (drawn-inputs.ts); null where nothing. */
  readonly drawnAgain?: ((index: number, row: Float64Array, label: number | null) => InputDifference | null) | null;
  /** Where inputs are drawn and have no labels: what `read` gives for index i of the run is that distribution's at i, so that threads can draw. */
  readonly drawn?: InputDistribution | null;
}
