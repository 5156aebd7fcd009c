/** The stages of a witness that are sums: norms and products of the cut test, against the oracle's sums over the stored vectors. */
import type { Witness } from "../witness/witness.ts";
import type { KernelCall } from "./call.ts";
import { productsOf } from "./cases/columns.ts";
import type { Deviation, Expected } from "./expected.ts";
import { expectedOf } from "./oracle.ts";
import { exponentOf } from "./oracles/columns.ts";
import type { Stage } from "./stage.ts";
import { COLUMNS, columns } from "./stage.ts";

/** In the order in which they are asked for. */
export function* sumStages({ stored: s, measurements: m }: Witness): Generator<Stage> {
  const layers = s.slopes.map((_, i) => i);
  const norms: [string, Float64Array, number | undefined][] = layers.flatMap((i) => {
    const witness = s.witnesses[i] ?? null;
    const measured = m.witnesses[i] ?? null;
    const named = (what: string): string => `‖${what}‖ of layer ${String(i + 1)}`;
    return [
      [named("h"), s.hidden[i], m.hiddenNorm[i]?.[0]],
      [named("δ"), s.adjoints[i], m.adjointNorm[i]?.[0]],
      [named("Wᵀδ"), s.pullbacks[i], m.pullbackNorm[i]?.[0]],
      ...s.directions.map((d, k) => [named("τ"), d.tangents[i], m.directions[k as 0 | 1].tangentNorm[i]?.[0]]),
      ...(witness === null || measured === null
        ? []
        : [
            [named("û"), witness.vector, measured.vectorNorm[0]],
            [named("ĉ"), witness.result, measured.pullbackNorm[0]],
          ]),
    ] as [string, Float64Array, number | undefined][];
  });
  for (const [stage, vector, measured] of norms) yield normStage(stage, vector, measured ?? NaN);
  for (const [k, { tangents, pushed }] of s.directions.entries()) {
    const products = m.directions[k as 0 | 1].products;
    yield dotStage("S of layer 0", s.inputGradient, tangents[0] as Float64Array, products[0]?.[0] ?? NaN);
    for (const i of layers) {
      const found = products[i + 1]?.[0] ?? NaN;
      yield dotStage(`S of layer ${String(i + 1)}`, s.adjoints[i] as Float64Array, pushed[i] as Float64Array, found);
    }
  }
}

function normStage(stage: string, vector: Float64Array, found: number): Stage {
  const call: KernelCall = {
    kernel: "columnNorm",
    overrides: {},
    sizes: { rows: vector.length, columns: COLUMNS, offset: 0 },
    buffers: [columns(vector), new Uint32Array(2 * COLUMNS)],
    read: [1],
  };
  const [largest, sum] = expectedOf(call, null) as [Expected, Expected];
  const e = exponentOf(new Uint32Array(Float32Array.of(largest.values[0] as number).buffer)[0] as number);
  const [square, slack] = [sum.values[0] as number, sum.bounds[0] as number];
  const expected = Math.sqrt(square) * 2 ** e;
  // |√a − √b| ≤ |a − b|/√b, and the host's root and product.
  const bound = square > 0 ? (slack / Math.sqrt(square)) * 2 ** e + 2 ** -50 * expected : 0;
  return { stage, call, deviation: apart("norm", found, expected, bound) };
}

function dotStage(stage: string, left: Float64Array, right: Float64Array, found: number): Stage {
  const call = productsOf(columns(left), columns(right), COLUMNS, COLUMNS);
  const [exponent, sum] = expectedOf(call, null) as [Expected, Expected];
  const factor = 2 ** (exponent.values[0] as number);
  const expected = (sum.values[0] as number) * factor;
  return { stage, call, deviation: apart("product", found, expected, (sum.bounds[0] as number) * factor) };
}

function apart(quantity: string, found: number, expected: number, bound: number): Deviation | null {
  return Math.abs(found - expected) <= bound ? null : { quantity, entry: 0, found, expected, bound };
}
