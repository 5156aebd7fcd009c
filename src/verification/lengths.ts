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
import { outputBound, steepestSlope } from "../network/growth.ts";
import type { Activation } from "../network/parametric.ts";
import { steepestUnit } from "../network/parametric.ts";
import { activationError } from "./audit/activation-error.ts";
import type { LayerBounds, NormRounding } from "./rounding.ts";
import { gamma, loweredNorm, normRounding, raisedNorm, UP } from "./rounding.ts";
import type { Verdict } from "./verdict.ts";

type Violated = Verdict & { kind: "violated" };

/**
 * Which samples have norms that they cannot have, by place.
 * @param inputs x as it was given to the engine, one a sample or one of several samples in a row. @param overflowing samples whose numbers may not be finite: of those only
 * ‖x‖ is looked at.
 */
export type LengthCheck = (
  measurements: Measurements,
  inputs: Float64Array,
  overflowing: ReadonlyMap<number, string>,
) => Map<number, Violated>;

export function createLengthCheck(plan: Plan, layers: readonly LayerBounds[], arithmetic: Arithmetic): LengthCheck {
  const steps = layers.slice(0, -1).map((layer, i) => forwardBounds(plan, layer, i, arithmetic));
  const units = layers.map(({ inputs }) => unitBounds(inputs, arithmetic));
  const width = (layers[0] as LayerBounds).inputs;
  const inputNorm = normRounding(width, arithmetic);
  const hostInput = normRounding(width, IEEE_F64);
  return (m, inputs, overflowing) => {
    const faults = new Map<number, Violated>();
    inputFaults(m, inputs, width, inputNorm, hostInput, faults);
    const hear: Hear = (at, fault) => {
      if (!overflowing.has(at) && !faults.has(at)) faults.set(at, fault());
    };
    directionFaults(units, m, hear);
    iterateFaults(units, m, hear);
    forwardFaults(steps, m, hear);
    return faults;
  };
}

/** Hears of a fault of sample `at`; the first one counts. */
type Hear = (at: number, fault: () => Violated) => void;

/** ‖x‖ by the device and by the host; one that is not finite is the judge's. */
function inputFaults(
  m: Measurements,
  inputs: Float64Array,
  n: number,
  device: NormRounding,
  host: NormRounding,
  faults: Map<number, Violated>,
): void {
  const norms = m.hiddenNorm[0] as Float64Array;
  const rows = inputs.length / n;
  for (let at = 0; at < m.samples; at++) {
    const found = norms[at] as number;
    if (!Number.isFinite(found)) continue;
    const right = hostNorm(inputs, Math.floor((at * rows) / m.samples) * n, n);
    const least = loweredNorm(device, found);
    const most = raisedNorm(device, found);
    if (least <= raisedNorm(host, right) && loweredNorm(host, right) <= most) continue;
    const detail = `‖x‖ is ${found.toPrecision(6)} by the engine, ${right.toPrecision(6)} by the host's own sum`;
    faults.set(at, violated(1, detail, found, right, (most - least) / 2));
  }
}

/** The normalised input gradient; a gradient so short that flushes shorten it is left out. */
function directionFaults([unit]: readonly UnitBounds[], m: Measurements, hear: Hear): void {
  const gradient = m.pullbackNorm[0] as Float64Array;
  const found = m.directions[0].tangentNorm[0] as Float64Array;
  const { least } = unit as UnitBounds;
  for (let at = 0; at < m.samples; at++) {
    if (!((gradient[at] as number) > least)) continue;
    unitFault(unit as UnitBounds, 1, "the direction ∇ₓf/‖∇ₓf‖", found[at] as number, at, hear);
  }
}

/** The iteration's vectors, where the engine has measured them. A product of 0 leaves 0, and an overflow no witness. */
function iterateFaults(units: readonly UnitBounds[], m: Measurements, hear: Hear): void {
  for (const [i, witness] of m.witnesses.entries()) {
    const unit = units[i] as UnitBounds;
    const [along, random] = m.directions.map((d) => d.tangentNorm[i]) as [Float64Array, Float64Array];
    for (const [k, norms] of (witness?.iterateNorm ?? []).entries()) {
      const what = `the iteration's vector ${k === 0 ? "at its start" : "after a round"}`;
      for (let at = 0; at < m.samples; at++) {
        const found = norms[at] as number;
        if (!Number.isFinite(found)) continue;
        const begun = (along[at] as number) > unit.least || (random[at] as number) > unit.least;
        if (found === 0 && (k > 0 || !begun)) continue;
        unitFault(unit, i + 1, what, found, at, hear);
      }
    }
  }
}

/**
 * What the norm of a vector of n entries that was divided by its own may be: the sum of its scaled squares is within γ_{n+1}, which the root
 * halves; two units for the reciprocal root (2 ulp in WGSL), one for each of two products, and two for a sum of two such vectors.
 */
interface UnitBounds {
  readonly norm: NormRounding;
  readonly bound: number;
  /** From which norm on flushes shorten a vector by no more than its rounding. */
  readonly least: number;
}

function unitBounds(n: number, arithmetic: Arithmetic): UnitBounds {
  const { flush, unitRoundoff } = arithmetic;
  const g = gamma(n + 1, arithmetic);
  const bound = (0.5 * g * (1 + g) + 6 * unitRoundoff + Math.sqrt(n) * flush) * UP;
  return { norm: normRounding(n, arithmetic), bound, least: (Math.sqrt(n) * flush) / unitRoundoff };
}

function unitFault({ norm, bound }: UnitBounds, t: number, what: string, found: number, at: number, hear: Hear): void {
  const least = loweredNorm(norm, found);
  const most = raisedNorm(norm, found);
  if (!(least > 1 + bound || most < 1 - bound)) return;
  const detail = `${what} has the norm ${found.toPrecision(6)}, and should have 1`;
  hear(at, () => violated(t, detail, found, 1, bound + (most - least) / 2));
}

/** What the bound of ‖h_{t+1}‖ needs of layer t: computed once a plan. */
interface ForwardBounds {
  readonly activation: Activation;
  readonly outputs: number;
  /** ‖g(z)‖ ≤ atZero + steepest·‖z‖. */
  readonly atZero: number;
  readonly steepest: number;
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
    ...{ activation, outputs, atZero: outputBound(activation, 0, outputs), steepest: steepestSlope(activation) },
    before: normRounding(inputs, arithmetic),
    after: normRounding(outputs, arithmetic),
    spectral: timesPowerOfTwo(layer.spectralUpper, scaleExponent),
    absolute: timesPowerOfTwo(layer.absoluteNorm, scaleExponent),
    bias: raisedNorm(normRounding(outputs, IEEE_F64), hostNorm(bias, 0, outputs)),
    gamma: gamma(inputs + 1, arithmetic),
    flush: arithmetic.flush * Math.sqrt(outputs) * (inputs + 2),
  };
}

function forwardFaults(steps: readonly ForwardBounds[], m: Measurements, hear: Hear): void {
  steps.forEach((step, i) => {
    const { activation, outputs, before, after, spectral, absolute, bias } = step;
    const [below, norms] = [m.hiddenNorm[i] as Float64Array, m.hiddenNorm[i + 1] as Float64Array];
    for (let at = 0; at < m.samples; at++) {
      const hidden = raisedNorm(before, below[at] as number);
      // ẑ: γ_{n+1}(|W||h| + |b|), and each product or operand flushed (MATH.md §5).
      const rounding = step.gamma * (absolute * hidden + bias);
      const z = (spectral * hidden + bias + rounding + step.flush * (2 + hidden + absolute)) * UP;
      const found = norms[at] as number;
      const least = loweredNorm(after, found);
      // No more than exact g allows: its rounding need not be asked for.
      if (least <= step.atZero + step.steepest * z) continue;
      const most = activatedNorm(activation, z, outputs, m.arithmetic);
      if (!(least > most)) continue;
      const detail = `‖h‖ is ${found.toPrecision(6)}, and by ‖W‖‖h‖ + ‖b‖ of the layer before at most ${most.toPrecision(6)}`;
      hear(at, () => violated(i + 2, detail, found, most, found - least));
    }
  });
}

/**
 * Largest ‖ĝ(ẑ)‖ over n outputs with ‖ẑ‖ ≤ z: every |ẑ_i| ≤ z, and over them the activation's relative error, and the absolute one beside
 * it, is largest at an end or at 0; so |ĝ − g| ≤ r(|g| + 1), r the sum of both there.
 */
function activatedNorm(activation: Activation, z: number, n: number, arithmetic: Arithmetic): number {
  const root = Math.sqrt(n);
  const steepest = steepestUnit(activation);
  const r = Math.max(...[0, z, -z].map((end) => activationError(steepest, end, 1, 1, arithmetic).value));
  const exact = outputBound(activation, z, n);
  return (exact + r * (exact + root)) * UP;
}

/** Norm in f64 of n numbers, scaled where a square would leave the range; NaN where one is not finite. */
function hostNorm(x: Float64Array, from: number, n: number): number {
  let plain = 0;
  for (let k = from; k < from + n; k++) plain += (x[k] as number) * (x[k] as number);
  if (plain > 1e-200 && plain < 1e200) return Math.sqrt(plain);
  let largest = 0;
  for (let k = from; k < from + n; k++) largest = Math.max(largest, Math.abs(x[k] as number));
  if (!(largest > 0 && largest < Infinity)) return largest;
  const exponent = exponentOf(largest);
  let sum = 0;
  for (let k = from; k < from + n; k++) sum += timesPowerOfTwo(x[k] as number, -exponent) ** 2;
  return timesPowerOfTwo(Math.sqrt(sum), exponent);
}

function violated(layer: number, detail: string, found: number, right: number, bound: number): Violated {
  return { kind: "violated", check: "norms", layer, detail, numbers: { found, right, bound } };
}
