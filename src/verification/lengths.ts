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
import { outputBound } from "../network/growth.ts";
import { activationError } from "./audit/activation-error.ts";
import { normLower, normUpper } from "./bounds.ts";
import type { LayerBounds, NormRounding } from "./rounding.ts";
import { gamma, loweredNorm, normRounding, raisedNorm, UP } from "./rounding.ts";
import type { Verdict } from "./verdict.ts";

type Violated = Verdict & { kind: "violated" };

/**
 * Whether sample `at` of the measurements has the norms that it must have; only one whose numbers are finite is asked about.
 * @param inputs x as it was given to the engine: the n_1 numbers from `from` on.
 */
export type LengthCheck = (
  measurements: Measurements,
  at: number,
  inputs: Float64Array,
  from: number,
  finite: boolean,
) => Violated | null;

export function createLengthCheck(plan: Plan, layers: readonly LayerBounds[], arithmetic: Arithmetic): LengthCheck {
  const steps = layers.slice(0, -1).map((layer, i) => forwardBounds(plan, layer, i, arithmetic));
  const width = (layers[0] as LayerBounds).inputs;
  const inputNorm = normRounding(width, arithmetic);
  const hostInput = normRounding(width, IEEE_F64);
  return (m, at, inputs, from, finite) =>
    inputFault(m, at, inputs, from, width, inputNorm, hostInput) ??
    (finite ? (directionFault(layers, m, at) ?? iterateFault(layers, m, at) ?? forwardFault(steps, m, at)) : null);
}

/** ‖x‖ by the device and by the host; one that is not finite is the judge's. */
function inputFault(
  m: Measurements,
  at: number,
  inputs: Float64Array,
  from: number,
  n: number,
  device: NormRounding,
  host: NormRounding,
): Violated | null {
  const found = (m.hiddenNorm[0] as Float64Array)[at] as number;
  if (!Number.isFinite(found)) return null;
  const right = hostNorm(inputs, from, n);
  const least = loweredNorm(device, found);
  const most = raisedNorm(device, found);
  if (least <= raisedNorm(host, right) && loweredNorm(host, right) <= most) return null;
  const detail = `‖x‖ is ${found.toPrecision(6)} by the engine, ${right.toPrecision(6)} by the host's own sum`;
  return violated(1, detail, found, right, (most - least) / 2);
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

/** What the bound of ‖h_{t+1}‖ needs of layer t: computed once a plan. */
interface ForwardBounds {
  readonly activation: ActivationName;
  readonly outputs: number;
  /** Norms over n_t and n_{t+1} numbers. */
  readonly before: NormRounding;
  readonly after: NormRounding;
  /** Upper bounds of ‖W_t‖ and ω_t, unscaled, and of ‖b_t‖. */
  readonly spectral: number;
  readonly absolute: number;
  readonly bias: number;
  readonly gamma: number;
  readonly flush: number;
}

function forwardBounds(plan: Plan, layer: LayerBounds, i: number, arithmetic: Arithmetic): ForwardBounds {
  const { inputs, outputs } = layer;
  const { scaleExponent } = plan.layers[i] as Plan["layers"][number];
  const { activation, bias } = plan.network.layers[i] as Plan["network"]["layers"][number];
  return {
    ...{ activation, outputs },
    before: normRounding(inputs, arithmetic),
    after: normRounding(outputs, arithmetic),
    spectral: timesPowerOfTwo(layer.spectralUpper, scaleExponent),
    absolute: timesPowerOfTwo(layer.absoluteNorm, scaleExponent),
    bias: raisedNorm(normRounding(outputs, IEEE_F64), hostNorm(bias, 0, outputs)),
    gamma: gamma(inputs + 1, arithmetic),
    flush: arithmetic.flush * Math.sqrt(outputs) * (inputs + 2),
  };
}

function forwardFault(steps: readonly ForwardBounds[], m: Measurements, at: number): Violated | null {
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i] as ForwardBounds;
    const { activation, outputs, before, after, spectral, absolute, bias } = step;
    const hidden = raisedNorm(before, (m.hiddenNorm[i] as Float64Array)[at] as number);
    // ẑ: γ_{n+1}(|W||h| + |b|), and each product or operand flushed (MATH.md §5).
    const rounding = step.gamma * (absolute * hidden + bias);
    const z = (spectral * hidden + bias + rounding + step.flush * (2 + hidden + absolute)) * UP;
    const found = (m.hiddenNorm[i + 1] as Float64Array)[at] as number;
    const least = loweredNorm(after, found);
    // No more than exact g allows: its rounding need not be asked for.
    if (least <= outputBound(activation, z, outputs)) continue;
    const most = activatedNorm(activation, z, outputs, m.arithmetic);
    if (!(least > most)) continue;
    const detail = `‖h‖ is ${found.toPrecision(6)}, and by ‖W‖‖h‖ + ‖b‖ of the layer before at most ${most.toPrecision(6)}`;
    return violated(i + 2, detail, found, most, found - least);
  }
  return null;
}

/**
 * Largest ‖ĝ(ẑ)‖ over n outputs with ‖ẑ‖ ≤ z: every |ẑ_i| ≤ z, and over them the activation's relative error, and the absolute one beside
 * it, is largest at an end or at 0; so |ĝ − g| ≤ r(|g| + 1), r the sum of both there.
 */
function activatedNorm(name: ActivationName, z: number, n: number, arithmetic: Arithmetic): number {
  const root = Math.sqrt(n);
  const r = Math.max(...[0, z, -z].map((end) => activationError(name, end, 1, 1, arithmetic).value));
  const exact = outputBound(name, z, n);
  return (exact + r * (exact + root)) * UP;
}

/** Norm in f64 of n numbers, scaled where a square would leave the range; NaN where one is not finite. */
function hostNorm(x: Float64Array, from: number, n: number): number {
  let largest = 0;
  for (let k = from; k < from + n; k++) largest = Math.max(largest, Math.abs(x[k] as number));
  const ordinary = (largest > 1e-100 && largest < 1e100) || !(largest > 0 && largest < Infinity);
  const exponent = ordinary ? 0 : exponentOf(largest);
  let sum = 0;
  for (let k = from; k < from + n; k++) {
    const v = x[k] as number;
    const scaled = ordinary ? v : timesPowerOfTwo(v, -exponent);
    sum += scaled * scaled;
  }
  return timesPowerOfTwo(Math.sqrt(sum), exponent);
}

function violated(layer: number, detail: string, found: number, right: number, bound: number): Violated {
  return { kind: "violated", check: "norms", layer, detail, numbers: { found, right, bound } };
}
