/** Explicit Jacobians on the host: Â of one sample at a time, all unit vectors at once. */
import type { ExplicitMeasurement } from "../engine.ts";
import type { ExplicitJacobian } from "../program/explicit.ts";
import type { Matrix, Measure } from "../program/stage.ts";
import { listOf, readTree } from "../program/stage.ts";
import { weightNorms } from "../weight-norm.ts";
import { columnNorm } from "./columns.ts";
import { Frame } from "./frame.ts";
import { runCalls } from "./kernels.ts";

/**
 * ‖Â‖_F and its stages' Frobenius norms, for every sample of the frame.
 * @param slopes D_1 … of the frame.
 * @param spectral also proves a bracket of ‖Â‖₂ (weight-norm.ts), at O(n_t² n_1) a sample.
 */
export function runExplicit(
  frame: Frame,
  { t, rows, stages, measured }: ExplicitJacobian,
  slopes: readonly Matrix[],
  samples: number,
  spectral: boolean,
): ExplicitMeasurement {
  const norms = new Map(listOf<Measure>(measured).map(({ of }) => [of, new Float64Array(samples)]));
  const spectralLower = new Float64Array(samples);
  const spectralUpper = new Float64Array(samples).fill(Infinity);
  for (let sample = 0; sample < samples; sample++) {
    const one = new Frame(frame.operators, frame.first + sample, null);
    for (const D of slopes.slice(0, t - 1)) one.set(D, frame.column(D, sample));
    runCalls(one, stages);
    for (const [own, values] of norms) values[sample] = wholeNorm(one.of(own));
    const jacobian = one.of(measured.frobenius.of);
    if (!spectral || !Number.isFinite(wholeNorm(jacobian))) continue;
    const { lower, upper } = weightNorms(jacobian, jacobian.length / rows, rows).spectral;
    spectralLower[sample] = lower;
    spectralUpper[sample] = upper;
  }
  type Norms = Pick<ExplicitMeasurement, keyof typeof measured>;
  const found = readTree<Norms, Measure>(measured, ({ of }) => norms.get(of) as Float64Array);
  return { ...found, spectralLower, spectralUpper };
}

/** Frobenius norm: the Euclidean norm of all entries as one column. */
function wholeNorm(x: Float64Array): number {
  return columnNorm(x, 1)[0] as number;
}
