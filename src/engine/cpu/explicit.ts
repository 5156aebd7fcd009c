/**
 * Explicit Jacobians: Â = the block pullback of the n_t unit vectors, a sample at a time (MATH.md §2, "The witness").
 */
import type { ExplicitMeasurement } from "../engine.ts";
import { weightNorms } from "../weight-norm.ts";
import { columnNorm } from "./columns.ts";
import type { Operators } from "./operators.ts";
import { pullback } from "./pullback.ts";

/**
 * ‖Â‖_F and its stages' Frobenius norms for layer t ≥ 2, for every sample of the block.
 * @param spectral also proves a bracket of ‖Â‖₂ (weight-norm.ts), at O(n_t² n_1) a sample.
 */
export function explicitJacobian(
  operators: Operators,
  slopes: readonly Float64Array[],
  t: number,
  columns: number,
  spectral: boolean,
): ExplicitMeasurement {
  const n = operators.width(t);
  const frobenius = new Float64Array(columns);
  const spectralLower = new Float64Array(columns);
  const spectralUpper = new Float64Array(columns).fill(Infinity);
  const stageNorm = Array.from({ length: t - 1 }, () => new Float64Array(columns));
  for (let sample = 0; sample < columns; sample++) {
    const own = slopes.slice(0, t - 1).map((d) => repeatColumn(d, columns, sample, n));
    const back = pullback(operators, own, t, identity(n), n);
    frobenius[sample] = wholeNorm(back.result);
    back.stages.forEach((stage, i) => {
      (stageNorm[i] as Float64Array)[sample] = wholeNorm(stage);
    });
    if (spectral && Number.isFinite(frobenius[sample])) {
      const { lower, upper } = weightNorms(back.result, operators.width(1), n).spectral;
      spectralLower[sample] = lower;
      spectralUpper[sample] = upper;
    }
  }
  return { frobenius, spectralLower, spectralUpper, stageNorm };
}

function identity(n: number): Float64Array {
  const result = new Float64Array(n * n);
  for (let i = 0; i < n; i++) result[i * n + i] = 1;
  return result;
}

/** The column of one sample, `times` times side by side. */
function repeatColumn(x: Float64Array, columns: number, sample: number, times: number): Float64Array {
  const n = x.length / columns;
  const result = new Float64Array(n * times);
  for (let i = 0; i < n; i++) result.fill(x[i * columns + sample] as number, i * times, (i + 1) * times);
  return result;
}

/** Frobenius norm: the Euclidean norm of all entries as one column. */
function wholeNorm(x: Float64Array): number {
  return columnNorm(x, 1)[0] as number;
}
