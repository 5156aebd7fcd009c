/**
 * The statement's verdicts with no rounding: per layer ‖g_x‖² ≤ ‖δ_t‖²‖W_t‖²‖J_t‖², and the total
 * ‖g_x‖² Σ_t (β_t + ‖h_t‖²)/(‖W_t‖²‖J_t‖²) ≤ Σ_t ‖δ_t‖²(β_t + ‖h_t‖²) (MATH.md §1).
 *
 * Everything is dyadic but the spectral norms, which are exact or bracketed (bracket.ts). Brackets decide all the same: the lower
 * bounds include the quotients ‖W_tᵀδ_t‖²/‖δ_t‖² and ‖g_x‖²/‖W_tᵀδ_t‖², whose product with ‖δ_t‖² is ‖g_x‖² itself, and a lower bound that
 * is not exact is proven to be strict. "violated" can come of a faulty chain only, and "undecided" of that or of a norm whose proof
 * would take too long.
 *
 * Only the returned doubles are rounded, outward. Norms of gradients are those of f; the chain of the mean head is divided back.
 */
import type { Head } from "../network/heads.ts";
import type { Network } from "../network/network.ts";
import type { NormBracket } from "./bracket.ts";
import { exactly, normBracket } from "./bracket.ts";
import type { ExactChain } from "./chain.ts";
import { exactChain } from "./chain.ts";
import type { Dyadic } from "./dyadic.ts";
import * as dyadics from "./dyadic.ts";
import type { IdentityResiduals } from "./identities.ts";
import { identitiesHold, identityResiduals } from "./identities.ts";
import type { ExactMatrix } from "./matrix.ts";
import { isZeroMatrix, product, sumOfSquares, transpose } from "./matrix.ts";
import type { Rational } from "./rational.ts";
import * as rationals from "./rational.ts";

export type MatrixNorm = "spectral" | "frobenius";

export type ExactOutcome =
  /** Proven: left < right. */
  | { readonly kind: "holds" }
  /** Proven: left = right, not 0. */
  | { readonly kind: "equality" }
  /** A factor on the right is 0 and so is the left: 0 ≤ 0. */
  | { readonly kind: "trivial" }
  /** Proven: left > right; the chain is wrong, since the statement is a theorem. */
  | { readonly kind: "violated" }
  /** The brackets of the norms leave it open. */
  | { readonly kind: "undecided" };

/** Doubles on either side of an exact number; equal where it is a double itself. */
export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

export interface ExactLayerVerdict {
  /** t, from 1. */
  readonly layer: number;
  readonly outcome: ExactOutcome;
  /** Bounds of κ_t; 0 where a factor is 0. Both are 1 at a proven equality. */
  readonly tightness: Bounds;
  /** Whether κ_t = 1 is proven. */
  readonly equality: boolean;
  readonly weightNorm: Bounds;
  readonly jacobianNorm: Bounds;
  /** Whether ‖W_t‖² and ‖J_t‖² are both known exactly. */
  readonly normsExact: boolean;
}

export interface ExactTotal {
  readonly outcome: ExactOutcome;
  readonly lhs: Bounds;
  readonly rhs: Bounds;
  /** Bounds of rhs − lhs, computed exactly before it is rounded: both 0 at an equality. */
  readonly margin: Bounds;
  /** Bounds of lhs/rhs; 0 where both are. */
  readonly ratio: Bounds;
}

export interface ExactVerdict {
  readonly norm: MatrixNorm;
  /** f, to the nearest double. */
  readonly value: number;
  readonly inputGradientNorm: Bounds;
  readonly layers: readonly ExactLayerVerdict[];
  readonly total: ExactTotal;
  /** Expected: every residual 0. */
  readonly identities: readonly IdentityResiduals[];
  readonly identitiesHold: boolean;
}

/** One layer's exact quantities. */
interface Terms {
  /** ‖δ_t‖² and β_t + ‖h_t‖², β_t = 1 with a bias and 0 without. */
  readonly delta: Dyadic;
  readonly lengthened: Dyadic;
  readonly weight: NormBracket;
  readonly jacobian: NormBracket;
}

/**
 * The verdict at one input.
 * @param input h_1; `label` −1 for none; `sample` picks the row of squared-error's targets.
 * @throws ModelError as {@link exactChain}. Call assertPractical (practical.ts) first: a large network would take very long.
 */
export function exactVerdict(
  network: Network,
  head: Head,
  input: Float64Array,
  label: number,
  sample: number,
  norm: MatrixNorm,
): ExactVerdict {
  return verdictOfChain(exactChain(network, head, input, label, sample), norm);
}

/** The verdict on a chain's numbers, whatever they are. */
export function verdictOfChain(chain: ExactChain, norm: MatrixNorm): ExactVerdict {
  const gradient = sumOfSquares(chain.inputGradient);
  const terms = chain.weights.map((weight, i): Terms => {
    const delta = chain.adjoints[i] as ExactMatrix;
    return {
      delta: sumOfSquares(delta),
      lengthened: dyadics.add(
        chain.biased[i] === true ? dyadics.ONE : dyadics.ZERO,
        sumOfSquares(chain.hidden[i] as ExactMatrix),
      ),
      ...layerNorms(weight, chain.jacobians[i] as ExactMatrix, delta, i === 0, norm),
    };
  });
  const identities = identityResiduals(chain);
  const multiple = rationals.rational(dyadics.fromNumber(chain.multiple));
  const multipleSquared = rationals.multiply(multiple, multiple);
  const own = (x: Rational): Rational => rationals.divide(x, multipleSquared);
  return {
    norm,
    value: rationals.toNumber(rationals.divide(rationals.rational(chain.value), multiple)),
    inputGradientNorm: rootBounds(own(rationals.rational(gradient)), own(rationals.rational(gradient))),
    layers: terms.map((term, i) => layerVerdict(gradient, term, i + 1)),
    total: totalVerdict(gradient, terms, own),
    identities,
    identitiesHold: identitiesHold(identities),
  };
}

/** ‖W_t‖² and ‖J_t‖². ‖J_1‖ is 1, or √n_1 in the Frobenius norm. */
function layerNorms(
  weight: ExactMatrix,
  jacobian: ExactMatrix,
  delta: ExactMatrix,
  first: boolean,
  norm: MatrixNorm,
): Pick<Terms, "weight" | "jacobian"> {
  if (norm === "frobenius") {
    const square = (a: ExactMatrix): NormBracket => exactly(rationals.rational(sumOfSquares(a)));
    return { weight: square(weight), jacobian: square(jacobian) };
  }
  const pulled = product(transpose(weight), delta);
  const bracket = (a: ExactMatrix, witness: ExactMatrix): NormBracket =>
    normBracket(transpose(a), isZeroMatrix(witness) ? undefined : witness);
  return {
    weight: bracket(weight, delta),
    jacobian: first ? exactly(rationals.rational(dyadics.ONE)) : bracket(jacobian, pulled),
  };
}

function layerVerdict(gradient: Dyadic, { delta, weight, jacobian }: Terms, layer: number): ExactLayerVerdict {
  const right = (w: Rational, j: Rational): Rational =>
    rationals.multiply(rationals.rational(delta), rationals.multiply(w, j));
  const low = right(weight.lowerSquared, jacobian.lowerSquared);
  const high = right(weight.upperSquared, jacobian.upperSquared);
  const left = rationals.rational(gradient);
  const outcome = decide({ low: left, high: left }, { low, high }, sharpness([weight, jacobian]));
  const equality = outcome.kind === "equality";
  return {
    layer,
    outcome,
    tightness: equality ? { lower: 1, upper: 1 } : quotientRootBounds(left, low, high),
    equality,
    weightNorm: rootBounds(weight.lowerSquared, weight.upperSquared),
    jacobianNorm: rootBounds(jacobian.lowerSquared, jacobian.upperSquared),
    normsExact: weight.exact && jacobian.exact,
  };
}

interface Interval {
  readonly low: Rational;
  readonly high: Rational;
}

/** What is known of the norms beside their intervals: all exact, or one of them above its lower bound strictly, or neither. */
type Sharpness = "exact" | "strict" | "open";

function sharpness(brackets: readonly NormBracket[]): Sharpness {
  if (brackets.every(({ exact }) => exact)) return "exact";
  return brackets.some(({ strict }) => strict) ? "strict" : "open";
}

/** The outcome of left ≤ right, each within its interval; the norms' lower bounds are behind the ends left.high and right.low. */
function decide(left: Interval, right: Interval, norms: Sharpness): ExactOutcome {
  if (rationals.compare(left.low, right.high) > 0) return { kind: "violated" };
  if (rationals.isZero(right.high)) return { kind: "trivial" };
  const order = rationals.compare(left.high, right.low);
  if (order < 0) return { kind: "holds" };
  if (order > 0 || norms === "open") return { kind: "undecided" };
  return { kind: norms === "exact" ? "equality" : "holds" };
}

/** Sums over the layers, a layer with a zero norm counting as 0 on the left. `own` takes the multiple of f out of a square. */
function totalVerdict(gradient: Dyadic, terms: readonly Terms[], own: (x: Rational) => Rational): ExactTotal {
  let rhs = rationals.rational(dyadics.ZERO);
  let [low, high] = [rhs, rhs];
  for (const { delta, lengthened, weight, jacobian } of terms) {
    rhs = rationals.add(rhs, rationals.rational(dyadics.multiply(delta, lengthened)));
    const numerator = rationals.rational(dyadics.multiply(gradient, lengthened));
    const term = (w: Rational, j: Rational): Rational => {
      const square = rationals.multiply(w, j);
      return rationals.isZero(square) ? square : rationals.divide(numerator, square);
    };
    low = rationals.add(low, term(weight.upperSquared, jacobian.upperSquared));
    high = rationals.add(high, term(weight.lowerSquared, jacobian.lowerSquared));
  }
  const norms = sharpness(terms.flatMap(({ weight, jacobian }) => [weight, jacobian]));
  const outcome = decide({ low, high }, { low: rhs, high: rhs }, norms);
  const [l, h, r] = [own(low), own(high), own(rhs)];
  const none = { lower: 0, upper: 0 };
  return {
    outcome,
    lhs: bounds(l, h),
    rhs: bounds(r, r),
    margin: bounds(rationals.subtract(r, h), rationals.subtract(r, l)),
    ratio: rationals.isZero(r) ? none : bounds(rationals.divide(l, r), rationals.divide(h, r)),
  };
}

function bounds(low: Rational, high: Rational): Bounds {
  return { lower: rationals.toNumber(low, "down"), upper: rationals.toNumber(high, "up") };
}

function rootBounds(low: Rational, high: Rational): Bounds {
  return { lower: rationals.rootToNumber(low, "down"), upper: rationals.rootToNumber(high, "up") };
}

/** √(left/right) for right between low and high; 0 where right is 0, and unbounded above where only its lower bound is. */
function quotientRootBounds(left: Rational, low: Rational, high: Rational): Bounds {
  if (rationals.isZero(left) || rationals.isZero(high)) return { lower: 0, upper: 0 };
  return {
    lower: rationals.rootToNumber(rationals.divide(left, high), "down"),
    upper: rationals.isZero(low) ? Infinity : rationals.rootToNumber(rationals.divide(left, low), "up"),
  };
}
