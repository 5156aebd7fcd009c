/**
 * The forward half of the audit: every stored input, z, h, D, f and top gradient against its formula, from the stored values that it
 * was made of, in f64, by products, activations and heads of the audit's own.
 */
import { gamma } from "../rounding.ts";
import type { UnitActivation } from "../../network/parametric.ts";
import type { OwnActivation, OwnValues } from "./activation-formulas.ts";
import { allowedSlope, evaluateActivation, OWN_ERROR } from "./activation-formulas.ts";
import { activationError } from "./activation-error.ts";
import type { Comparison } from "./comparison.ts";
import { headError } from "./head-error.ts";
import { magnitude } from "./linear.ts";
import type { PreparedLayer } from "./prepared.ts";
import { HOST, timesPowerOfTwo } from "./scaling.ts";
import type { AuditSubject } from "./subject.ts";
import { euclidean } from "./vectors.ts";

export function auditForward(subject: AuditSubject, comparison: Comparison): void {
  const { prepared, traced, input } = subject;
  const first = traced.hidden[0] as Float64Array;
  for (let i = 0; i < input.length; i++) {
    if (first[i] !== input[i]) comparison.near("local", 1, "the input", first[i] as number, input[i] as number, 0);
  }
  for (let i = 0; i < prepared.layers.length; i++) auditLayer(subject, i, comparison);
  auditHead(subject, comparison);
}

/** ẑ = fl(Wĥ + b) within γ_{n+1}(|w||ĥ| + |b|), where a quarter of γ‖w‖‖ĥ‖ does not do; then ĝ(ẑ) and ĝ′(ẑ). */
function auditLayer({ prepared, traced, arithmetic }: AuditSubject, i: number, comparison: Comparison): void {
  const layer = prepared.layers[i] as PreparedLayer;
  const { inputs, outputs, weight, bias, rows, exponent, units, own } = layer;
  const t = i + 1;
  const h = traced.hidden[i] as Float64Array;
  const z = traced.preactivation[i] as Float64Array;
  const next = traced.hidden[i + 1] as Float64Array;
  const slopes = traced.slopes[i] as Float64Array;
  const rounding = gamma(inputs + 1, arithmetic) + gamma(inputs + 1, HOST);
  const length = euclidean(h) * (1 + 2 ** -30);
  const tiny = (arithmetic.flush + HOST.flush) * (inputs + 2);
  const products = prepared.scratch[0];
  prepared.products.times(prepared.unscaled + i, h, products);
  for (let row = 0; row < outputs; row++) {
    const b = bias[row] as number;
    const stored = z[row] as number;
    const right = (products[row] as number) + b;
    const heaviest = timesPowerOfTwo(rows[row] as number, exponent);
    if (!(Math.abs(stored - right) <= (rounding * heaviest * length) / 4)) {
      const size = magnitude(weight.subarray(row * inputs, (row + 1) * inputs), 0, 1, h);
      const bound = rounding * (size + Math.abs(b)) + tiny * (2 + length + heaviest);
      comparison.near("local", t, "z", stored, right, bound);
    }
    const unit = units.length === 1 ? 0 : row;
    const activation = own[unit] as OwnActivation;
    const { value, slope, valueSize, slopeSize } = evaluateActivation(activation, stored, VALUES);
    const found = slopes[row] as number;
    const d = allowedSlope(activation, stored, slope, arithmetic.flush, found);
    const g = next[row] as number;
    // The own error alone is the least of any bound.
    if (Math.abs(g - value) <= OWN_ERROR * valueSize && Math.abs(found - d) <= OWN_ERROR * slopeSize) continue;
    const error = activationError(units[unit] as UnitActivation, stored, value, d, arithmetic);
    comparison.near("local", t + 1, "h", g, value, error.value + OWN_ERROR * valueSize);
    comparison.near("local", t, "D", found, d, error.slope + OWN_ERROR * slopeSize);
  }
}

const VALUES: OwnValues = { value: 0, slope: 0, valueSize: 0, slopeSize: 0 };

function auditHead(subject: AuditSubject, comparison: Comparison): void {
  const { traced, plan } = subject;
  const depth = plan.layers.length;
  const expected = headError(subject);
  if (expected === null) return;
  const { value, gradient, valueBound, gradientBound } = expected;
  comparison.near("local", depth, "f", traced.value, value, valueBound);
  traced.topGradient.forEach((g, i) => {
    const found = timesPowerOfTwo(g, traced.topExponent);
    comparison.near("local", depth, "∂f/∂h", found, gradient[i] as number, gradientBound[i] as number);
  });
}
