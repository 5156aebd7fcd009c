/**
 * Sampled entries of the identities behind the inequality (MATH.md §1), from the stored values:
 *
 *     matrix       h_t g_xᵀ = (∇_{W_t}f)ᵀ W_t J_t        contracted   ‖h_t‖² g_xᵀ = h_tᵀ(∇_{W_t}f)ᵀ W_t J_t
 *     bias         g_xᵀ = (∇_{b_t}f)ᵀ W_t J_t
 *
 * with ∇_{W_t}f = δ_t h_tᵀ materialised entry by entry, and J_t e_j by a tangent, where g_x came from a backward pass.
 *
 * Residuals are relative to ‖h_t‖‖g_x‖, ‖h_t‖²‖g_x‖ and ‖g_x‖. Their bound is the restart error: ĝ_x is within E_t of the exact chain
 * from δ̂_t (MATH.md §2), and what the tangents add in f64. An error ε_s of τ_{s+1} reaches the result as a·ε_s, where
 * ‖ε_s‖ ≤ γ_{n_s+2} max|D_s| ω_s ‖τ_s‖ and a is the exact adjoint at h_{s+1} of the chain restarted at δ̂_t: that is W_{s+1}ᵀδ̂_{s+1} as stored
 * but for the steps r = s + 1 … t that made it, each of which reaches it by the Jacobian between,
 *
 *     ‖a‖ ≤ ‖p̂_{s+1}‖ + Σ_{r=s+1}^{t} (Π_{q=s+1}^{r−1} max|D_q| U(W_q)) (backward step r's error).
 *
 * The products δ·(Wτ) themselves: γ_{n_t+n_{t+1}+4} ω_t‖δ̂_t‖‖τ_t‖; the contracted identity sums over h twice more.
 */
import { wordsAt } from "../../sampling/philox.ts";
import { AUDIT_ENTRY_STREAM } from "../../sampling/streams.ts";
import { normUpper } from "../bounds.ts";
import type { LayerBounds } from "../rounding.ts";
import type { NormRounding, StepRounding } from "../rounding.ts";
import { gamma, raisedNorm, roundedUp, stepError } from "../rounding.ts";
import type { Comparison } from "./comparison.ts";
import { errorSum } from "./error-sums.ts";
import type { PreparedLayer } from "./prepared.ts";
import type { Products } from "./products.ts";
import type { MeasuredSubject } from "./subject.ts";
import { exponentOf, HOST, timesPowerOfTwo } from "./scaling.ts";
import { dotProduct, euclidean, largestOf } from "./vectors.ts";

export interface Residual {
  readonly value: number;
  readonly bound: number;
}

/** One entry of an identity, both sides on the residual's scale. */
export interface IdentityEntry {
  readonly identity: "matrix" | "contracted" | "bias";
  readonly layer: number;
  /** Row of h_t, from 0, where the identity is a matrix's. */
  readonly row: number | null;
  /** Entry of x, from 0. */
  readonly column: number;
  readonly left: number;
  readonly right: number;
  readonly residual: Residual;
}

export interface IdentityResiduals {
  readonly identity: Residual;
  readonly contracted: Residual;
  readonly bias: Residual;
}

/** Columns j of the identities that are looked at, and rows i of each. */
const COLUMNS = 1;
const ROWS = 2;

/** The residual of each identity that comes nearest to its bound, over the layers and sampled entries, and those entries. */
export function auditIdentities(
  subject: MeasuredSubject,
  comparison: Comparison,
): { residuals: IdentityResiduals; entries: readonly IdentityEntry[] } {
  const residuals = { identity: none, contracted: none, bias: none };
  const entries = identityEntries(subject);
  for (const { identity, layer, residual } of entries) {
    const name = identity === "matrix" ? "identity" : identity;
    comparison.near("identity", layer, `the ${identity} identity's residual`, residual.value, 0, residual.bound);
    if (!(fraction(residual) <= fraction(residuals[name]))) residuals[name] = residual;
  }
  return { residuals, entries };
}

/** The sampled entries, layer by layer; none where ∇ₓf is zero. */
function identityEntries(subject: MeasuredSubject): IdentityEntry[] {
  const { traced, plan, prepared, arithmetic, norms } = subject;
  const inputs = traced.inputGradient.length;
  const depth = plan.layers.length;
  const words = wordsAt(plan.seed, AUDIT_ENTRY_STREAM, subject.index, COLUMNS + ROWS * depth);
  const gradientNorm = norms.inputGradient;
  const entries: IdentityEntry[] = [];
  if (!(gradientNorm > 0)) return entries;
  const errors = restartErrors(subject);
  const { steps } = prepared.errorsIn(arithmetic);
  const { norms: widths } = prepared.errorsIn(HOST);
  const deltaNorms = norms.adjoints.map((norm, i) => raisedNorm(widths[i] as NormRounding, norm));
  const stepErrors = deltaNorms.map((norm, i) => stepError(steps[i] as StepRounding, norm));
  const [, , unit] = prepared.scratch;
  const scratch = [prepared.scratch[0], prepared.scratch[1]] as const;
  for (let c = 0; c < COLUMNS; c++) {
    const j = (words[c] as number) % inputs;
    // The unit vector e_j, and τ_t from it.
    let tangent: Float64Array | null = null;
    const carried: Carried[] = [];
    for (let t = 1; t <= depth; t++) {
      const layer = subject.layers[t - 1] as LayerBounds;
      const planned = prepared.layers[t - 1] as PreparedLayer;
      const pushed: Float64Array = scratch[t % 2 === 0 ? 0 : 1];
      if (tangent === null) weightColumn(planned, j, pushed);
      else prepared.products.times(t - 1, tangent, pushed);
      const tangentNorm = tangent === null ? 1 : normUpper(euclidean(tangent, layer.inputs), layer.inputs, HOST);
      const delta = traced.adjoints[t - 1] as Float64Array;
      const product = layer.absoluteNorm * (deltaNorms[t - 1] as number) * tangentNorm;
      const own = gamma(layer.inputs + layer.outputs + 4, HOST) * product;
      let before = 0;
      for (const earlier of carried) {
        earlier.adjoint += earlier.between * (stepErrors[t - 1] as number);
        earlier.between *= (norms.slopes[t - 1] as number) * layer.spectralUpper;
        before += earlier.adjoint * earlier.error;
      }
      const allowed = roundedUp((errors[t - 1] as number) + before + own, 2 * t + 8);
      // ‖h‖² is 1 within γ_{n_t+2}, and each of its terms multiplies a product that is within γ of its own.
      const contractedError = gamma(3 * layer.inputs + 12, HOST) * product;
      const target = traced.inputGradient[j] as number;
      const h = traced.hidden[t - 1] as Float64Array;
      const isAlive = writeUnit(h, norms.hidden[t - 1] as number, unit);
      const bias = dotProduct(delta, pushed);
      const left = target / gradientNorm;
      const enter = (
        identity: IdentityEntry["identity"],
        row: number | null,
        left: number,
        sum: number,
        difference: number,
        bound: number,
      ): void => {
        const residual = { value: Math.abs(difference) / gradientNorm, bound };
        entries.push({ identity, layer: t, row, column: j, left, right: sum / gradientNorm, residual });
      };
      if (planned.biased) enter("bias", null, left, bias, bias - target, allowed / gradientNorm);
      if (isAlive) {
        for (let r = 0; r < ROWS; r++) {
          const i = (words[COLUMNS + ROWS * (t - 1) + r] as number) % h.length;
          const own_i = unit[i] as number;
          // Row i of (∇_W f)ᵀ: the gradient's column i, materialised.
          let right = 0;
          for (let k = 0; k < delta.length; k++) right += (delta[k] as number) * own_i * (pushed[k] as number);
          const bound = (Math.abs(own_i) * allowed) / gradientNorm + HOST_SLACK;
          enter("matrix", i, own_i * left, right, right - own_i * target, bound);
        }
        const contracted = contract(prepared.products, delta, unit, h.length, pushed);
        const bound = (allowed + contractedError) / gradientNorm + HOST_SLACK;
        enter("contracted", null, left, contracted, contracted - target, bound);
      }
      if (t === depth) break;
      const slopes = traced.slopes[t - 1] as Float64Array;
      carried.push({
        adjoint: raisedNorm(widths[t - 1] as NormRounding, norms.pullbacks[t] as number),
        between: 1,
        error: gamma(layer.inputs + 2, HOST) * (norms.slopes[t - 1] as number) * layer.absoluteNorm * tangentNorm,
      });
      for (let k = 0; k < layer.outputs; k++) pushed[k] = (pushed[k] as number) * (slopes[k] as number);
      tangent = pushed;
    }
  }
  return entries;
}

/** h/‖h‖, false for 0; brought near 1 by a power of two first where need be, so that a subnormal h has a direction too. */
function writeUnit(h: Float64Array, length: number, unit: Float64Array): boolean {
  const n = h.length;
  if (length > 2 ** -400 && length < 2 ** 400) {
    for (let k = 0; k < n; k++) unit[k] = (h[k] as number) / length;
    return true;
  }
  const largest = largestOf(h);
  if (!(largest > 0)) return false;
  const exponent = exponentOf(largest);
  for (let k = 0; k < n; k++) unit[k] = timesPowerOfTwo(h[k] as number, -exponent);
  const norm = euclidean(unit, n);
  for (let k = 0; k < n; k++) unit[k] = (unit[k] as number) / norm;
  return true;
}

/** A tangent's rounding at layer s on its way up: ‖ε_s‖, the bound of ‖a‖ so far, and of the Jacobian from h_{s+1} to h_t. */
interface Carried {
  readonly error: number;
  adjoint: number;
  between: number;
}

const none: Residual = { value: 0, bound: 0 };

/** Roundings of an entry's own scaling, relative to ‖h‖‖g_x‖, in which no entry exceeds 1. */
const HOST_SLACK = 2 ** -50;

function fraction({ value, bound }: Residual): number {
  return bound > 0 ? value / bound : value > 0 ? Infinity : 0;
}

/** E_t = Σ_{s≤t} U(J_s) (what rounding does to δ̂_s's pullback) of every layer. */
function restartErrors({ prepared, layers, jacobianUpper, arithmetic, norms }: MeasuredSubject): number[] {
  const errors = prepared.errorsIn(arithmetic);
  return layers.map((_, i) => errorSum(errors, jacobianUpper, norms.adjoints, i + 1));
}

/** Entries of a gradient that are materialised: beyond, the sums are taken out of each other. */
const MATERIALISED = 4096;

/** h̃ᵀ(∇_W f)ᵀ w, h̃ of n numbers, with the gradient δh̃ᵀ materialised: Σ_i h̃_i Σ_k (δ_k h̃_i) w_k. */
function contract(products: Products, delta: Float64Array, h: Float64Array, n: number, w: Float64Array): number {
  if (delta.length * n > MATERIALISED) return dotProduct(h, h, n) * dotProduct(delta, w);
  return products.contract(h, n, delta, w);
}

/** W′_1 e_j. */
function weightColumn({ inputs, outputs, scaled }: PreparedLayer, j: number, column: Float64Array): void {
  for (let k = 0; k < outputs; k++) column[k] = scaled[k * inputs + j] as number;
}
