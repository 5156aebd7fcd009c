/**
 * Per-sample rows → JSON Lines: one object a line, in the order of the samples, keys in the order of schemas/samples.schema.json.
 */
import { withFiniteNumbers } from "./json.ts";
import type { SampleRow } from "../records/sample.ts";
import type { SeriesRow } from "../records/training.ts";

/** One row as one line, newline included. Numbers that are not finite become null, with the reason. */
export function rowLine(row: SampleRow | SeriesRow): string {
  return `${JSON.stringify(withFiniteNumbers(row))}\n`;
}
