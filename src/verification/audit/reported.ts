/**
 * The reported numbers of a sample, every one, made again from what was stored by the plain formulas of MATH.md §1, the gradient ∇_{W_t}f
 * materialised: as intervals that the norms' errors leave (range.ts). Copies, of the plan's and the verdicts' brackets, are the same bits.
 */
import type { Interval } from "../../engine/interval.ts";
import type { Maybe } from "../../records/kit.ts";
import type { LayerNumbers, SampleNumbers } from "../../records/sample.ts";
import { roundedCutResiduals } from "../cut.ts";
import { nearKink } from "../kinks.ts";
import { gamma, normError } from "../rounding.ts";
import type { LayerBounds } from "../rounding.ts";
import type { Comparison } from "./comparison.ts";
import { errorOf } from "./iteration.ts";
import type { Prepared, PreparedLayer } from "./prepared.ts";
import { around, exactly, hull, larger, less, ONE, over, plus, root, shifted, square, times, ZERO } from "./range.ts";
import type { Judged, MeasuredSubject } from "./subject.ts";
import { exponentOf, HOST, loweredPowerOfTwo, raisedPowerOfTwo, timesPowerOfTwo } from "./scaling.ts";
import { largestOf } from "./vectors.ts";

/** By how much the ends of the ratio's interval are rounded outward, at most. */
const END = 2 ** -46;

/** Of every number of a record: what it is called, and where it must lie. */
type Ranges<Name extends string> = Readonly<Record<Name, readonly [quantity: string, right: Interval]>>;

export function auditReported(
  subject: MeasuredSubject,
  reported: SampleNumbers,
  judged: Judged,
  comparison: Comparison,
): void {
  const { plan, prepared, traced, norms } = subject;
  const compare = <Name extends string>(t: number | null, row: Record<Name, Maybe>, ranges: Ranges<Name>): void => {
    for (const name of Object.keys(ranges) as Name[]) {
      const [quantity, right] = ranges[name];
      comparison.within("norms", t, quantity, row[name] ?? NaN, right);
    }
  };
  const layers = plan.layers.map((_, i) => layerRanges(subject, judged, i + 1));
  const top = traced.topExponent;
  const whole = prepared.layers.at(-1)?.through ?? 0;
  const gradient = norm(subject, norms.inputGradient, traced.inputGradient.length);
  // The sums are made of numbers scaled so that the largest is near 1: a square of them leaves the range of f64 where the sum itself does.
  const scale = Math.max(...layers.map((l) => l.exponent));
  const common = Number.isFinite(scale) ? scale : 0;
  const sums = layers.map((l) => {
    const bias = shifted(l.delta, l.above - common);
    const weight = hull(shifted(l.outer, l.above - common), times(bias, l.hidden));
    return l.biased ? plus(square(bias), square(weight)) : square(weight);
  });
  const right = sums.reduce(plus);
  let left = ZERO;
  let coefficient = ZERO;
  layers.forEach((l, i) => {
    const product = times(l.weight, l.jacobian);
    const lengthened = !l.biased || l.hidden.lower > 1e100 ? times(l.hidden, ONE) : root(plus(ONE, square(l.hidden)));
    // ‖g_x‖√(β_t + ‖h_t‖²)/(‖W_t‖‖J_t‖), whose square is a term of the left side, and so is w_t κ_t².
    const factor = shifted(over(times(gradient, lengthened), product), l.above - common);
    const kappa = over(gradient, times(times(l.delta, l.weight), l.jacobian));
    left = plus(left, hull(square(factor), times(sums[i] as Interval, square(kappa))));
    if (product.upper > 0) coefficient = plus(coefficient, square(shifted(over(lengthened, product), -l.through)));
  });
  comparison.within("norms", null, "the number of layers", reported.layers.length, exactly(layers.length));
  // Squares of the verdict's own ends, rounded outward.
  const { lower, upper } = judged.total;
  const none = right.upper === 0 || !judged.vouched;
  const kink = nearKink(subject.kinks, subject.measurements, subject.at)?.layer ?? 0;
  const numbers: Ranges<Exclude<keyof SampleNumbers, "layers">> = {
    index: ["the sample's number", exactly(subject.index)],
    value: ["f", exactly(traced.value)],
    inputGradientNorm: ["‖∇ₓf‖", shifted(gradient, whole + top)],
    parameterGradientNorm: ["‖∇_θ f‖", shifted(root(right), common + top)],
    lhs: ["the left side", shifted(left, 2 * (common + top))],
    rhs: ["the right side", shifted(right, 2 * (common + top))],
    ratio: ["the ratio", right.upper === 0 ? exactly(NaN) : over(left, right)],
    ratioLower: ["the ratio's proven lower bound", none ? exactly(NaN) : around(lower ** 2, END)],
    ratioUpper: ["the ratio's proven upper bound", none ? exactly(NaN) : around(upper ** 2, END)],
    kink: ["the layer at a kink", exactly(kink)],
    coefficient: ["Σ(1+‖h‖²)/(‖W‖²‖J‖²)", coefficient],
  };
  compare(null, { ...reported, kink: reported.kink ?? 0 }, numbers);

  const cut = cutRanges(subject);
  layers.forEach((l, i) => {
    const row = reported.layers[i];
    if (row === undefined) return;
    const t = i + 1;
    const finding = judged.findings[i] as Judged["findings"][number];
    const bias = shifted(l.delta, l.above + top);
    const denominator = times(l.delta, l.weight);
    const kappa = over(gradient, times(denominator, l.jacobian));
    const alpha = over(l.pulled, denominator);
    const share = over(sums[i] as Interval, right);
    const { lower, upper } = finding.jacobian.statement;
    const numbers: Ranges<keyof LayerNumbers> = {
      layer: ["the layer's number", exactly(t)],
      hiddenNorm: ["‖h‖", l.hidden],
      weightNorm: ["‖W‖", exactly(timesPowerOfTwo(l.weight.lower, l.through - l.below))],
      jacobianNorm: ["‖J‖", shifted(l.jacobian, l.below)],
      jacobianNormError: ["the iteration's error of ‖J‖", jacobianError(subject, judged, t)],
      jacobianNormLower: ["‖J‖'s proven lower bound", exactly(loweredPowerOfTwo(lower, l.below))],
      jacobianNormUpper: ["‖J‖'s proven upper bound", exactly(raisedPowerOfTwo(upper, l.below))],
      biasGradientNorm: ["‖∇_b f‖", l.biased ? bias : exactly(NaN)],
      weightGradientNorm: ["‖∇_W f‖", hull(shifted(l.outer, l.above + top), times(bias, l.hidden))],
      tightness: ["κ", kappa],
      tightnessLower: ["κ's proven lower bound", exactly(finding.tightness.lower)],
      tightnessUpper: ["κ's proven upper bound", exactly(finding.tightness.upper)],
      directionalTightness: ["κ along v₀", over(gradient, times(denominator, l.directional))],
      alignmentWeight: ["α", alpha],
      alignmentJacobian: ["β", over(gradient, times(l.pulled, l.jacobian))],
      slackWeight: ["the slack at W", times(share, less(ONE, square(alpha)))],
      slackJacobian: ["the slack at J", times(share, less(square(alpha), square(kappa)))],
      cutResidual: ["the cut test's residual", cut[i] as Interval],
    };
    compare(t, row, numbers);
  });
}

/** Layer t's numbers, scaled as they are stored, and the exponents k that unscale them. */
interface LayerRanges {
  readonly biased: boolean;
  readonly hidden: Interval;
  readonly delta: Interval;
  readonly pulled: Interval;
  /** As rows have it: the lower end of the proven bracket. */
  readonly weight: Interval;
  readonly jacobian: Interval;
  /** ‖τ_t‖/‖τ_1‖ along v₀. */
  readonly directional: Interval;
  /** ‖δhᵀ‖_F over the materialised entries. */
  readonly outer: Interval;
  /** Σ_{s<t} k_s, Σ_{s≤t} k_s and Σ_{s>t} k_s. */
  readonly below: number;
  readonly through: number;
  readonly above: number;
  /** About log₂ of ‖δ_t‖ max(β_t, ‖h_t‖), unscaled but for the sample's own exponent. */
  readonly exponent: number;
}

function layerRanges(subject: MeasuredSubject, judged: Judged, t: number): LayerRanges {
  const { prepared, traced, layers, norms } = subject;
  const delta = traced.adjoints[t - 1] as Float64Array;
  const h = traced.hidden[t - 1] as Float64Array;
  const { biased, below, through, above, inputs } = prepared.layers[t - 1] as PreparedLayer;
  const length = norms.adjoints[t - 1] as number;
  const tangents = norms.tangents[0];
  const materialised = gamma(delta.length * h.length + 8, HOST);
  const size = norms.hidden[t - 1] as number;
  const longest = biased ? Math.max(1, size) : size;
  return {
    biased,
    hidden: norm(subject, size, h.length),
    delta: norm(subject, length, delta.length),
    pulled: norm(subject, norms.pullbacks[t - 1] as number, inputs),
    weight: exactly((layers[t - 1] as LayerBounds).norm.lower),
    jacobian: jacobianNorm(subject, judged, t),
    directional: over(
      norm(subject, tangents[t - 1] as number, inputs),
      norm(subject, tangents[0] as number, traced.inputGradient.length),
    ),
    outer: around(
      outerNorm(prepared, delta, h, [length, size]),
      slack(subject, delta.length) + slack(subject, h.length) + materialised,
    ),
    ...{ below, through, above },
    exponent: length > 0 && longest > 0 ? exponentOf(length) + exponentOf(longest) + above : -Infinity,
  };
}

/** Of a measured norm beside the one made again: the engine's error and the host's. */
function slack({ arithmetic }: MeasuredSubject, n: number): number {
  return 2 * normError(n, arithmetic);
}

/** Of a vector of n numbers. */
function norm(subject: MeasuredSubject, length: number, n: number): Interval {
  return around(length, slack(subject, n), 2 * Math.sqrt(n) * subject.arithmetic.flush);
}

/**
 * ‖ĉ‖/‖û‖ of the better stored witness: the iteration's, or Wᵀδ̂ with its pullback ĝ_x; an f64 replay's as it was handed over. Frobenius: the
 * measured ‖Â‖_F, which explicit.ts holds against a Jacobian of its own.
 */
function jacobianNorm(subject: MeasuredSubject, { estimates }: Judged, t: number): Interval {
  const { plan, traced, measurements, at, norms } = subject;
  const refined = estimates[t - 1] ?? null;
  if (plan.norm === "frobenius")
    return t === 1
      ? root(exactly((plan.network.layers[0] as { inputs: number }).inputs))
      : exactly(measurements.explicit[t - 1]?.frobenius[at] ?? NaN);
  if (refined !== null) return exactly(refined.norm);
  if (t === 1) return ONE;
  const witness = traced.witnesses[t - 1] ?? null;
  const n = traced.inputGradient.length;
  const own = (traced.pullbacks[t - 1] as Float64Array).length;
  const screened = over(norm(subject, norms.inputGradient, n), norm(subject, norms.pullbacks[t - 1] as number, own));
  const lengths = norms.witnesses[t - 1] ?? null;
  if (witness === null || lengths === null) return screened;
  const found = over(
    norm(subject, lengths.result, witness.result.length),
    norm(subject, lengths.vector, witness.vector.length),
  );
  return larger(screened, found);
}

/** What the iteration leaves of ‖J_t‖, from the coefficients that were stored; an f64 replay's as it was handed over. */
function jacobianError(
  { plan, traced, measurements, prepared }: MeasuredSubject,
  { estimates }: Judged,
  t: number,
): Interval {
  if (t === 1 || plan.norm === "frobenius") return ZERO;
  const refined = estimates[t - 1] ?? null;
  if (refined !== null) return exactly(refined.error);
  const { search, vector } = traced.witnesses[t - 1] ?? {};
  if (measurements.witnesses[t - 1]?.error === undefined || search === undefined) return exactly(NaN);
  return errorOf(search, plan.method, vector?.length ?? 0, prepared.ritz);
}

/**
 * The larger of both directions' |S_{t−1} − S_t| over its bound, t = 1 … l: from the measured products, which norms.ts holds against the
 * stored vectors, since their difference is all rounding; the bound, bilinear in ‖δ‖ and ‖τ‖, from the vectors themselves.
 */
function cutRanges(subject: MeasuredSubject): Interval[] {
  const { layers, prepared, measurements, at, arithmetic, norms } = subject;
  const { cuts } = prepared.errorsIn(arithmetic);
  const each = measurements.directions.map((direction, k) => {
    const products = direction.products.map((s) => s[at] as number);
    const cut = { products, tangentNorms: norms.tangents[k as 0 | 1] };
    return roundedCutResiduals(cuts, norms.adjoints, norms.slopes, cut);
  });
  return layers.map((l, i) => {
    // (1 + e)² ≤ 1 + 3e for the error e of either norm.
    const relative = 3 * slack(subject, Math.max(l.inputs, l.outputs));
    return each.map((r) => around(r[i] as number, relative)).reduce(larger);
  });
}

/** Entries of a gradient that are materialised: a larger one's norm is the product of its two vectors' norms. */
const MATERIALISED = 4096;

/** ‖δhᵀ‖_F over the materialised entries. */
function outerNorm(
  { products, scratch }: Prepared,
  delta: Float64Array,
  h: Float64Array,
  norms: readonly [number, number],
): number {
  const deltaMax = largestOf(delta);
  const hiddenMax = largestOf(h);
  if (!(deltaMax > 0 && hiddenMax > 0)) return 0;
  if (delta.length * h.length > MATERIALISED) return norms[0] * norms[1];
  const [x, y] = scratch;
  for (let k = 0; k < delta.length; k++) x[k] = (delta[k] as number) / deltaMax;
  for (let i = 0; i < h.length; i++) y[i] = (h[i] as number) / hiddenMax;
  return deltaMax * hiddenMax * Math.sqrt(products.outerSquares(x, delta.length, y, h.length));
}
