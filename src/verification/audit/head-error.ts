/**
 * f and ∂f/∂h of a stored output by the audit's own formulas, with how far the engine's may be from them (MATH.md §5: + − × within u, ÷ within
 * 2.5 ulp, the exponential within (8 + 2|x|)u, lib/elementary.wgsl's log1p within 12u; WGSL's log within 3 ulp or, up to 2, 2⁻²¹). The audit's
 * own formulas have no more roundings than the engine's may have, so that their error is the same count in f64, n more in the sums of a value.
 */
import type { Arithmetic } from "../../engine/engine.ts";
import type { Head } from "../../network/heads.ts";
import { gamma } from "../rounding.ts";
import { ownHead } from "./head-formulas.ts";
import { HOST } from "./scaling.ts";
import type { AuditSubject } from "./subject.ts";

export interface ExpectedHead {
  readonly value: number;
  readonly gradient: Float64Array;
  readonly valueBound: number;
  readonly gradientBound: Float64Array;
}

export function headError({ plan, traced, label, index, arithmetic }: AuditSubject): ExpectedHead | null {
  return expectedHead(plan.head, traced.hidden[plan.layers.length] as Float64Array, label, index, arithmetic);
}

/**
 * null where flushing may decide which output is the largest: every output below the least normal number.
 * @param index of the sample: which row of targets is its own.
 */
export function expectedHead(
  head: Head,
  output: Float64Array,
  label: number,
  index: number,
  arithmetic: Arithmetic,
): ExpectedHead | null {
  const { value, gradient } = ownHead(head, output, label, index);
  const engine = errors(head, output, label, index, value, gradient, arithmetic);
  const own = errors(head, output, label, index, value, gradient, HOST);
  if (engine === null || own === null) return null;
  const sum = gamma(output.length + 2, HOST) * (1 + Math.abs(value));
  return {
    ...{ value, gradient },
    valueBound: engine.valueBound + own.valueBound + (isSoft(head) ? sum : 0),
    gradientBound: engine.gradientBound.map((b, i) => b + (own.gradientBound[i] as number)),
  };
}

function isSoft({ kind }: Head): boolean {
  return kind === "log-sum-exp" || kind === "cross-entropy";
}

type HeadErrors = Pick<ExpectedHead, "valueBound" | "gradientBound">;

/** Of an evaluation in this arithmetic, in any order of its sums. */
function errors(
  head: Head,
  output: Float64Array,
  label: number,
  index: number,
  value: number,
  gradient: Float64Array,
  arithmetic: Arithmetic,
): HeadErrors | null {
  const n = output.length;
  const u = arithmetic.unitRoundoff;
  const tiny = 8 * n * arithmetic.flush;
  let magnitude = 0;
  let largest = 0;
  for (const v of output) {
    magnitude += Math.abs(v);
    largest = Math.max(largest, Math.abs(v));
  }
  const bounds = (valueBound: number, entry: (g: number, i: number) => number): HeadErrors => ({
    valueBound: valueBound + tiny,
    gradientBound: gradient.map((g, i) => entry(Math.abs(g), i) + tiny),
  });
  switch (head.kind) {
    case "sum":
      return bounds(gamma(n + 4, arithmetic) * magnitude, () => 0);
    case "mean":
      return bounds(gamma(n + 4, arithmetic) * magnitude, (g) => 4 * u * g);
    case "logit":
    case "each-logit":
      return bounds(u * Math.abs(value), () => 0);
    case "logit-argmax":
    case "margin":
      if (largest < 4 * arithmetic.flush) return null;
      return bounds(2 * u * magnitude, () => 0);
    case "linear": {
      let products = 0;
      for (let i = 0; i < n; i++) products += Math.abs((head.coefficients[i] as number) * (output[i] as number));
      return bounds(gamma(n + 3, arithmetic) * products, (g) => u * g);
    }
    case "half-squared-norm":
    case "squared-error": {
      // A target is rounded to the engine's format, and the difference once more.
      const target = (i: number): number =>
        head.kind === "squared-error" ? Math.abs(head.targets[(head.rows === 1 ? 0 : index * n) + i] as number) : 0;
      const own = (g: number, i: number): number => u * (target(i) + g) * 2;
      let spread = 0;
      gradient.forEach((g, i) => (spread += (Math.abs(g) + own(Math.abs(g), i)) * own(Math.abs(g), i)));
      return bounds(gamma(n + 4, arithmetic) * Math.abs(value) + 2 * spread, own);
    }
    case "logistic": {
      // s = ±h; e^(−|s|) as in a softmax, 1 + e^(−|s|) and the division after it; log1p's error, e's carried through its slope.
      let [spread, sum] = [0, 0];
      const term = (i: number): number => (8 + 3 * Math.abs(output[i] as number)) * u;
      for (let i = 0; i < n; i++) {
        const e = Math.exp(-Math.abs(output[i] as number));
        spread += e * term(i) + 12 * u * Math.log1p(e);
        sum += Math.abs(output[i] as number) + Math.log1p(e);
      }
      return bounds(spread + gamma(n + 3, arithmetic) * sum, (g, i) => (2 * term(i) + 8 * u) * g);
    }
    case "log-sum-exp":
    case "cross-entropy":
      return softmaxBounds(output, value, gradient, label, head.kind === "cross-entropy", arithmetic);
  }
}

/**
 * p_i = e_i/Σe: the error of e_i, that of the sum, and the division's. f = max + log(1 + s), or log(1 + s) + (max − h_label), s the sum of the
 * e_i but the largest: (1 + s)·d/ds log(1 + s) = 1, so that s's error σ enters as at most σ/(1 + s).
 */
function softmaxBounds(
  output: Float64Array,
  value: number,
  gradient: Float64Array,
  label: number,
  crossEntropy: boolean,
  arithmetic: Arithmetic,
): HeadErrors {
  const u = arithmetic.unitRoundoff;
  const n = output.length;
  const top = output.reduce((a, b) => Math.max(a, b));
  const terms = output.map((v) => Math.exp(v - top));
  const sum = terms.reduce((a, b) => a + b, 0);
  // (8 + 2|x|)u of the exponential, and its argument's rounding |x|u.
  const termError = output.map((v) => (8 + 3 * Math.abs(v - top)) * u);
  let sumError = gamma(n + 1, arithmetic);
  terms.forEach((e, i) => (sumError += e === 0 ? 0 : (e / sum) * (termError[i] as number)));
  const tiny = 8 * n * arithmetic.flush;
  const entry = terms.map((e, i) => (e === 0 ? 0 : (e / sum) * ((termError[i] as number) + sumError + 5 * u)) + tiny);
  if (crossEntropy) {
    let others = 0;
    let mass = 0;
    entry.forEach((b, i) => {
      if (i === label) return;
      others += b;
      mass += Math.abs(gradient[i] as number);
    });
    entry[label] = others + gamma(n + 1, arithmetic) * mass;
  }
  const best = output.indexOf(top);
  let others = 0;
  let othersError = 0;
  terms.forEach((e, i) => {
    if (i === best) return;
    others += e;
    othersError += e * (termError[i] as number);
  });
  othersError += gamma(n, arithmetic) * others;
  // log(1 + s) of s ≥ 1 by WGSL's own, whose argument is rounded: 2⁻²¹ where that is near 1, which it is not; 3 ulp.
  const logError =
    (1 + 64 * u) * (othersError / (1 + others)) + 16 * u * Math.log1p(others) + (others > 0.5 ? 2 * u : 0);
  // In cross-entropy max − h_label is one rounding of what may be 0; the sum of both is another.
  const shift = crossEntropy ? Math.abs(top - (output[label] as number)) : Math.abs(top);
  const valueBound = logError + 2 * u * (shift + Math.abs(value)) + tiny;
  return { valueBound, gradientBound: entry };
}
