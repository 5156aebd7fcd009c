/** Networks and matrices for the tests of exact arithmetic. */
import type { ExactMatrix } from "../../src/exact/matrix.ts";
import { fromNumbers } from "../../src/exact/matrix.ts";
import type { Network } from "../../src/network/network.ts";
import type { Activation } from "../../src/network/parametric.ts";
import { normals } from "../support/stream.ts";

/** A network of these weights, each an array of rows; biases 0 where left out. */
export function networkOf(
  weights: readonly (readonly (readonly number[])[])[],
  activation: Activation = "identity",
  biases: readonly (readonly number[])[] = [],
): Network {
  return {
    layers: weights.map((rows, i) => ({
      inputs: rows[0]?.length ?? 0,
      outputs: rows.length,
      weight: Float64Array.from(rows.flat()),
      bias: Float64Array.from(biases[i] ?? rows.map(() => 0)),
      activation,
    })),
  };
}

/** He-scaled normal weights and small biases, one activation a layer, rounded to f32 where asked. */
export function drawnNetwork(
  seed: number,
  widths: readonly number[],
  activations: readonly (Activation | ((width: number) => Activation))[],
  precision: "f32" | "f64" = "f64",
): Network {
  const round = precision === "f32" ? Math.fround : (v: number): number => v;
  return {
    layers: widths.slice(1).map((outputs, i) => {
      const inputs = widths[i] as number;
      const activation = activations[i % activations.length] as (typeof activations)[number];
      const draws = normals(seed, 10 + i, outputs * (inputs + 1));
      return {
        inputs,
        outputs,
        weight: Float64Array.from(draws.slice(outputs), (v) => round(v * Math.sqrt(2 / inputs))),
        bias: Float64Array.from(draws.slice(0, outputs), (v) => round(0.1 * v)),
        activation: typeof activation === "function" ? activation(outputs) : activation,
      };
    }),
  };
}

/** The Hadamard matrix of order 2^k (Sylvester), times a factor. */
export function hadamard(k: number, factor = 1): number[][] {
  const n = 2 ** k;
  const parity = (v: number): number => (v === 0 ? 0 : (v & 1) ^ parity(v >> 1));
  return Array.from({ length: n }, (_, i) => Array.from({ length: n }, (_, j) => (parity(i & j) ? -factor : factor)));
}

/** The matrix with these entries on its diagonal. */
export function diagonal(entries: readonly number[]): number[][] {
  return entries.map((v, i) => entries.map((_, j) => (i === j ? v : 0)));
}

/** The matrix of these rows, without rounding. */
export function exact(rows: readonly (readonly number[])[]): ExactMatrix {
  return fromNumbers(rows.length, rows[0]?.length ?? 0, rows.flat());
}
