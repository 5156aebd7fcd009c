/**
 * What the measured norms of a sample must be whatever else holds: checks of every sample for the price of a comparison. They see a device
 * whose sums are consistently wrong, one that ends long loops early, say, which the cut test cannot.
 *
 *     ‖x‖ is the host's own,  ‖h_{t+1}‖ ≤ L(‖W_t‖‖h_t‖ + ‖b_t‖) + √n_{t+1}|g(0)|,  ‖v₀‖ = 1,  an iterate for ‖J_t‖ has ‖q‖ = 1 (or q = 0)
 *
 * L bounds |g′|. Each to within what rounding and flushes leave: of z, of g (activation-error.ts), of the norms.
 */
import type { Arithmetic, Measurements } from "../engine/engine.ts";
import { IEEE_F64 } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { exponentOf, timesPowerOfTwo } from "../engine/powers.ts";
import type { ActivationName } from "../network/activations.ts";
import { activationError } from "./audit/activation-error.ts";
import { normLower, normUpper } from "./bounds.ts";
import { overflowRisk } from "./overflow.ts";
import type { LayerBounds } from "./rounding.ts";
import { gamma, UP } from "./rounding.ts";
import type { Verdict } from "./verdict.ts";

type Violated = Verdict & { kind: "violated" };

/** Whether sample `at` of the measurements has the norms that it must have. @param input x as it was given to the engine. */
export type LengthCheck = (measurements: Measurements, at: number, input: Float64Array) => Violated | null;

export function createLengthCheck(plan: Plan, layers: readonly LayerBounds[]): LengthCheck {
  const biasNorms = plan.network.layers.map(({ bias }) => hostNorm(bias).upper);
  return (m, at, input) =>
    inputFault(m, at, input) ??
    (m.finite[at] !== 1 || overflowRisk(plan, layers, m, at) !== null
      ? null
      : (directionFault(layers, m, at) ?? iterateFault(layers, m, at) ?? forwardFault(plan, layers, biasNorms, m, at)));
}

/** ‖x‖ by the device and by the host; one that is not finite is the judge's. */
function inputFault(m: Measurements, at: number, input: Float64Array): Violated | null {
  const found = (m.hiddenNorm[0] as Float64Array)[at] as number;
  if (!Number.isFinite(found)) return null;
  const n = input.length;
  const right = hostNorm(input);
  const least = normLower(found, n, m.arithmetic);
  const most = normUpper(found, n, m.arithmetic);
  if (least <= right.upper && right.lower <= most) return null;
  const detail = `‖x‖ is ${found.toPrecision(6)} by the engine, ${right.value.toPrecision(6)} by the host's own sum`;
  return violated(1, detail, found, right.value, (most - least) / 2);
}

/** The normalised input gradient; a gradient so short that flushes shorten it is left out. */
function directionFault(layers: readonly LayerBounds[], m: Measurements, at: number): Violated | null {
  const n = (layers[0] as LayerBounds).inputs;
  const { flush, unitRoundoff } = m.arithmetic;
  const gradient = (m.pullbackNorm[0] as Float64Array)[at] as number;
  if (!(gradient > (Math.sqrt(n) * flush) / unitRoundoff)) return null;
  const found = (m.directions[0].tangentNorm[0] as Float64Array)[at] as number;
  return unitFault(1, "the direction ∇ₓf/‖∇ₓf‖", found, n, m.arithmetic);
}

/** The iteration's vectors, where the engine has measured them. A product of 0 leaves 0, and an overflow no witness. */
function iterateFault(layers: readonly LayerBounds[], m: Measurements, at: number): Violated | null {
  for (const [i, witness] of m.witnesses.entries()) {
    const n = (layers[i] as LayerBounds).inputs;
    const least = (Math.sqrt(n) * m.arithmetic.flush) / m.arithmetic.unitRoundoff;
    for (const [k, norms] of (witness?.iterateNorm ?? []).entries()) {
      const found = norms[at] as number;
      const begun = m.directions.some((d) => ((d.tangentNorm[i] as Float64Array)[at] as number) > least);
      if (!Number.isFinite(found) || (found === 0 && (k > 0 || !begun))) continue;
      const fault = unitFault(
        i + 1,
        `the iteration's vector ${k === 0 ? "at its start" : "after a round"}`,
        found,
        n,
        m.arithmetic,
      );
      if (fault !== null) return fault;
    }
  }
  return null;
}

/**
 * Norm of a vector that was divided by its own: the sum of its scaled squares is within γ_{n+1}, which the root halves; two units for the
 * reciprocal root (2 ulp in WGSL), one for each of two products, and two for a sum of two such vectors.
 */
function unitFault(t: number, what: string, found: number, n: number, arithmetic: Arithmetic): Violated | null {
  const g = gamma(n + 1, arithmetic);
  const bound = (0.5 * g * (1 + g) + 6 * arithmetic.unitRoundoff + Math.sqrt(n) * arithmetic.flush) * UP;
  const least = normLower(found, n, arithmetic);
  const most = normUpper(found, n, arithmetic);
  if (!(least > 1 + bound || most < 1 - bound)) return null;
  return violated(
    t,
    `${what} has the norm ${found.toPrecision(6)}, and should have 1`,
    found,
    1,
    bound + (most - least) / 2,
  );
}

function forwardFault(
  plan: Plan,
  layers: readonly LayerBounds[],
  biasNorms: readonly number[],
  m: Measurements,
  at: number,
): Violated | null {
  for (let i = 0; i + 1 < layers.length; i++) {
    const layer = layers[i] as LayerBounds;
    const { inputs, outputs } = layer;
    const { scaleExponent } = plan.layers[i] as Plan["layers"][number];
    const { activation } = plan.network.layers[i] as Plan["network"]["layers"][number];
    const hidden = normUpper((m.hiddenNorm[i] as Float64Array)[at] as number, inputs, m.arithmetic);
    const bias = biasNorms[i] as number;
    const spectral = timesPowerOfTwo(layer.spectralUpper, scaleExponent);
    const absolute = timesPowerOfTwo(layer.absoluteNorm, scaleExponent);
    // ẑ: γ_{n+1}(|W||h| + |b|), and each product or operand flushed (MATH.md §5).
    const rounding = gamma(inputs + 1, m.arithmetic) * (absolute * hidden + bias);
    const flushed = m.arithmetic.flush * Math.sqrt(outputs) * (inputs + 2) * (2 + hidden + absolute);
    const z = (spectral * hidden + bias + rounding + flushed) * UP;
    const most = activatedNorm(activation, z, outputs, m.arithmetic);
    const found = (m.hiddenNorm[i + 1] as Float64Array)[at] as number;
    if (!(normLower(found, outputs, m.arithmetic) > most)) continue;
    const detail = `‖h‖ is ${found.toPrecision(6)}, and by ‖W‖‖h‖ + ‖b‖ of the layer before at most ${most.toPrecision(6)}`;
    return violated(i + 2, detail, found, most, found - normLower(found, outputs, m.arithmetic));
  }
  return null;
}

/** |g(0)|, where it is not 0, and the largest |g′|, where it is not 1; both rounded up. */
export const AT_ZERO: Readonly<Partial<Record<ActivationName, number>>> = { sigmoid: 0.5, softplus: 0.69314719 };
export const STEEPEST: Readonly<Partial<Record<ActivationName, number>>> = {
  // λα, on the left of 0.
  selu: 1.7580994,
  // Φ(√2) + √2 φ(√2): g″ = (2 − z²)φ.
  gelu: 1.1289042,
  // Where g″ = 0 (network/curvature.ts): z = 1.4185, 2.3994, 1.4906.
  "gelu-tanh": 1.1289931,
  silu: 1.0998394,
  mish: 1.0884982,
  // At 3 from the left.
  "hard-swish": 1.5,
};

/**
 * Largest ‖ĝ(ẑ)‖ over n outputs with ‖ẑ‖ ≤ z: every |ẑ_i| ≤ z, and over them the activation's relative error, and the absolute one beside
 * it, is largest at an end or at 0; so |ĝ − g| ≤ r(|g| + 1), r the sum of both there.
 */
function activatedNorm(name: ActivationName, z: number, n: number, arithmetic: Arithmetic): number {
  const root = Math.sqrt(n);
  const r = Math.max(...[0, z, -z].map((end) => activationError(name, end, 1, 1, arithmetic).value));
  const exact = (STEEPEST[name] ?? 1) * z + (AT_ZERO[name] ?? 0) * root;
  return (exact + r * (exact + root)) * UP;
}

interface HostNorm {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

/** ‖x‖ in f64 with its bounds, scaled where a square would leave the range; NaN where an entry is not finite. */
function hostNorm(x: Float64Array): HostNorm {
  let largest = 0;
  for (const v of x) largest = Math.max(largest, Math.abs(v));
  const ordinary = (largest > 1e-100 && largest < 1e100) || !(largest > 0 && largest < Infinity);
  const exponent = ordinary ? 0 : exponentOf(largest);
  let sum = 0;
  for (const v of x) {
    const scaled = ordinary ? v : timesPowerOfTwo(v, -exponent);
    sum += scaled * scaled;
  }
  const value = timesPowerOfTwo(Math.sqrt(sum), exponent);
  return { value, lower: normLower(value, x.length, IEEE_F64), upper: normUpper(value, x.length, IEEE_F64) };
}

function violated(layer: number, detail: string, found: number, right: number, bound: number): Violated {
  return { kind: "violated", check: "norms", layer, detail, numbers: { found, right, bound } };
}
