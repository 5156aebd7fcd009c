/** A measurement of a witness against the oracle's sums over the stored vectors. */
import type { Measure } from "../engine/program/stage.ts";
import type { KernelCall } from "./call.ts";
import { productsOf } from "./cases/columns.ts";
import type { Contents } from "./contents.ts";
import { COLUMNS, columns } from "./contents.ts";
import type { Deviation, Expected } from "./expected.ts";
import { expectedOf } from "./oracle.ts";
import { exponentOf } from "./oracles/columns.ts";

/** What a measure must come to, and by how much it may miss. */
interface Expectation {
  readonly quantity: string;
  readonly call: KernelCall;
  readonly expected: number;
  readonly bound: number;
}

/** Null where nothing can be said: nothing is measured, or what is measured is not finite. */
export function measured(
  measure: Measure,
  contents: Contents,
  found: number,
): { readonly stage: string; readonly call: KernelCall; readonly deviation: Deviation | null } | null {
  const none = measure.kind === "least" && measure.places.length === 0;
  if (none || !contents.finite(measure.kind === "dot" ? [measure.of, measure.with] : [measure.of])) return null;
  const { quantity, call, expected, bound } = expectation(measure, contents);
  const right = Math.abs(found - expected) <= bound;
  return { stage: measure.name, call, deviation: right ? null : { quantity, entry: 0, found, expected, bound } };
}

function expectation(measure: Measure, contents: Contents): Expectation {
  const vector = contents.vector(measure.of, measure.column);
  switch (measure.kind) {
    case "norm":
      return norm(vector);
    case "largest": {
      const call = columnCall("columnNorm", vector);
      const [largest] = expectedOf(call, null) as [Expected];
      return { quantity: "max|x|", call, expected: largest.values[0] as number, bound: 0 };
    }
    case "least": {
      const [FIRST = 0, SECOND = FIRST] = measure.places;
      const call = columnCall("columnLeast", vector, { FIRST, SECOND });
      const [least] = expectedOf(call, null) as [Expected];
      return { quantity: "distance", call, expected: least.values[0] as number, bound: least.bounds[0] as number };
    }
    case "dot":
      return product(contents.vector(measure.with), vector);
  }
}

function columnCall(
  kernel: KernelCall["kernel"],
  vector: Float64Array,
  overrides: KernelCall["overrides"] = {},
): KernelCall {
  return {
    ...{ kernel, overrides, sizes: { rows: vector.length, columns: COLUMNS, offset: 0 } },
    ...{ buffers: [columns(vector), new Uint32Array(2 * COLUMNS)], read: [1] },
  };
}

function norm(vector: Float64Array): Expectation {
  const call = columnCall("columnNorm", vector);
  const [largest, sum] = expectedOf(call, null) as [Expected, Expected];
  const e = exponentOf(new Uint32Array(Float32Array.of(largest.values[0] as number).buffer)[0] as number);
  const [square, slack] = [sum.values[0] as number, sum.bounds[0] as number];
  const expected = Math.sqrt(square) * 2 ** e;
  // |√a − √b| ≤ |a − b|/√b, and the host's root and product.
  const bound = square > 0 ? (slack / Math.sqrt(square)) * 2 ** e + 2 ** -50 * expected : 0;
  return { quantity: "norm", call, expected, bound };
}

function product(left: Float64Array, right: Float64Array): Expectation {
  const call = productsOf(columns(left), columns(right), COLUMNS, COLUMNS);
  const [exponent, sum] = expectedOf(call, null) as [Expected, Expected];
  const factor = 2 ** (exponent.values[0] as number);
  const expected = (sum.values[0] as number) * factor;
  return { quantity: "product", call, expected, bound: (sum.bounds[0] as number) * factor };
}
