/**
 * Which zeros of one sample are certain (MATH.md §2, rule 2). A stored 0 may stand for a number that is too small for the format, or for
 * a sum that cancelled in rounding; of such a zero nothing follows. Certain are
 *
 *     W_t[k, i] = 0,        D̂_t[k] = 0 where g′(ẑ) = 0 by definition (kinks.ts),        ∂f/∂h[k] = 0 by the head's formula,
 *
 * and what follows from those: entry i of W_tᵀδ_t is 0 where each of its terms has a certain zero (the zeros' pattern), rows of J_t
 * likewise; and in small networks what exact arithmetic on the stored numbers finds to be 0 (`exactZeros`).
 */
import type { Measurements, StoredSample } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { fromNumber } from "../exact/dyadic.ts";
import type { Head } from "../network/heads.ts";
import { slopeIsZero } from "../network/kinks.ts";
import type { Activation, UnitActivation } from "../network/parametric.ts";
import { atUnit } from "../network/parametric.ts";
import { markBelow } from "./marks.ts";

export interface CertainZeros {
  /** ∇ₓf = 0. */
  readonly gradient: boolean;
  /** Whether that follows from the pattern, so that every chain restarted at a stored δ̂_t gives 0 too. */
  readonly pattern: boolean;
  /** D_t = 0, t = 1 … l. */
  readonly slopes: readonly boolean[];
  /** δ_t = 0, t = 1 … l. */
  readonly adjoint: readonly boolean[];
  /** J_t = 0, t = 1 … l. */
  readonly jacobian: readonly boolean[];
}

/** Marks the samples of which one of the measured numbers is 0, so that it is worth asking which zeros are certain. */
export function markZeros(m: Measurements, marks: Uint8Array): void {
  markBelow([...m.adjointNorm, ...m.pullbackNorm, ...m.slopeMax], Number.MIN_VALUE, marks);
}

/** @param flush the engine's least normal number. @param index of the sample in the run: its row of a head's targets. */
export function certainZeros(plan: Plan, stored: StoredSample, flush: number, index: number): CertainZeros {
  const slopes = plan.network.layers.map(({ activation }, i) => {
    const [z, d] = [stored.preactivation[i] as Float64Array, stored.slopes[i] as Float64Array];
    return Uint8Array.from(d, (v, k) => (v === 0 && slopeIsZero(atUnit(activation, k), z[k] as number, flush) ? 1 : 0));
  });
  const top = topZeros(plan, stored, index);
  const pattern = adjointPattern(plan, top, slopes);
  const unexplained = stored.adjoints.some((delta, i) => isZero(delta) && pattern.adjoint[i] !== true);
  const open = unexplained || (isZero(stored.inputGradient) && !pattern.gradient);
  const exact = open && isSmall(plan) ? exactZeros(plan, stored, top, slopes) : pattern;
  return { ...exact, pattern: pattern.gradient, slopes: slopes.map(all), jacobian: jacobianZeros(plan, slopes) };
}

const all = (zero: Uint8Array): boolean => zero.every((z) => z === 1);
const isZero = (x: Float64Array): boolean => x.every((v) => v === 0);

/** Entries of ∂f/∂h that are 0 for certain. */
function topZeros({ head, network }: Plan, stored: StoredSample, index: number): Uint8Array {
  const output = stored.hidden[network.layers.length] as Float64Array;
  const z = stored.preactivation[network.layers.length - 1] as Float64Array;
  const { activation } = network.layers.at(-1) as { activation: Activation };
  return Uint8Array.from(stored.topGradient, (v, i) =>
    v === 0 && entryIsZero(head, atUnit(activation, i), z, output, i, index) ? 1 : 0,
  );
}

type ChainZeros = Pick<CertainZeros, "gradient" | "adjoint">;

/** δ_t and ∇ₓf by the pattern of zeros: an entry of Wᵀx is 0 where every term has a certain zero. */
function adjointPattern(plan: Plan, top: Uint8Array, slopes: readonly Uint8Array[]): ChainZeros {
  const adjoint: boolean[] = [];
  let zero = top;
  for (let i = slopes.length - 1; i >= 0; i--) {
    const { weight, inputs } = plan.network.layers[i] as Plan["network"]["layers"][number];
    const delta = zero.map((v, k) => v | (slopes[i]?.[k] ?? 0));
    adjoint.unshift(all(delta));
    zero = new Uint8Array(inputs).fill(1);
    for (let k = 0; k < delta.length; k++) {
      if (delta[k] === 1) continue;
      for (let j = 0; j < inputs; j++) if (weight[k * inputs + j] !== 0) zero[j] = 0;
    }
  }
  return { gradient: all(zero), adjoint };
}

/** Multiplications of whole numbers that one sample may cost: some milliseconds. */
const MOST_PRODUCTS = 1 << 14;

function isSmall({ network }: Plan): boolean {
  return network.layers.reduce((sum, { weight }) => sum + weight.length, 0) <= MOST_PRODUCTS;
}

/**
 * The same in exact arithmetic from the stored top gradient and slopes: doubles are whole numbers times powers of two, so that a sum that
 * cancels is told from one that only rounds to 0. What passes a slope that is 0 without being so for certain is `unknown` from there on.
 */
function exactZeros(plan: Plan, stored: StoredSample, top: Uint8Array, slopes: readonly Uint8Array[]): ChainZeros {
  const adjoint: boolean[] = [];
  let values = wholeNumbers(stored.topGradient);
  let unknown = stored.topGradient.map((g, k) => (g === 0 && top[k] !== 1 ? 1 : 0));
  const zeros = (): boolean => values.every((v, k) => v === 0n && unknown[k] === 0);
  for (let i = slopes.length - 1; i >= 0; i--) {
    const { weight, inputs } = plan.network.layers[i] as Plan["network"]["layers"][number];
    const d = stored.slopes[i] as Float64Array;
    const factors = wholeNumbers(d);
    const lost = (k: number): boolean => d[k] === 0 && slopes[i]?.[k] !== 1;
    unknown = unknown.map((u, k) => (slopes[i]?.[k] !== 1 && (u === 1 || (lost(k) && values[k] !== 0n)) ? 1 : 0));
    values = values.map((v, k) => v * (factors[k] as bigint));
    // A stored adjoint of some rounding is not 0, whatever the exact one is.
    adjoint.unshift(zeros() && isZero(stored.adjoints[i] as Float64Array));
    const entries = wholeNumbers(weight);
    const sums = new Array<bigint>(inputs).fill(0n);
    const next = new Float64Array(inputs);
    values.forEach((v, k) => {
      for (let j = 0; j < inputs; j++) {
        const w = entries[k * inputs + j] as bigint;
        if (w === 0n) continue;
        if (unknown[k] === 1) next[j] = 1;
        sums[j] = (sums[j] as bigint) + w * v;
      }
    });
    values = sums;
    unknown = next;
  }
  return { gradient: zeros() && isZero(stored.inputGradient), adjoint };
}

/** Finite doubles times one power of two that makes them whole. */
function wholeNumbers(x: Float64Array): bigint[] {
  const exact = Array.from(x, fromNumber);
  const least = exact.reduce((e, d) => (d.m === 0n ? e : Math.min(e, d.e)), Infinity);
  return exact.map((d) => (d.m === 0n ? 0n : d.m << BigInt(d.e - least)));
}

/** Whether entry i of ∂f/∂h, stored as 0, is 0 by the head's formula and the stored output. */
function entryIsZero(
  head: Head,
  activation: UnitActivation,
  z: Float64Array,
  output: Float64Array,
  i: number,
  index: number,
): boolean {
  const h = output[i] as number;
  // An output of 0 may itself be an underflow, but where g is constant.
  const isItself = h !== 0 || z[i] === 0 || slopeIsZero(activation, z[i] as number, 0);
  switch (head.kind) {
    // Entries are 0 and ±1.
    case "logit":
    case "logit-argmax":
    case "each-logit":
    case "margin":
      return true;
    case "linear":
      return head.coefficients[i] === 0;
    case "half-squared-norm":
      return isItself;
    case "squared-error": {
      const target = head.targets[(head.rows === 1 ? 0 : index * output.length) + i] as number;
      return isItself && (h === target || h === Math.fround(target));
    }
    case "cross-entropy":
      return output.length === 1;
    case "sum":
    case "mean":
    case "log-sum-exp":
    case "logistic":
      return false;
  }
}

/** J_{t+1} = D_tW_tJ_t: a row of it is 0 where D_t's entry is, or where W_t's row meets rows of J_t that are 0 alone. */
function jacobianZeros(plan: Plan, slopeZeros: readonly Uint8Array[]): boolean[] {
  const result = [false];
  let rows: Uint8Array = new Uint8Array((plan.network.layers[0] as { inputs: number }).inputs);
  plan.network.layers.slice(0, -1).forEach(({ weight, inputs, outputs }, i) => {
    const own = slopeZeros[i] as Uint8Array;
    const before = rows;
    rows = Uint8Array.from({ length: outputs }, (_, k) =>
      own[k] === 1 || !before.some((z, j) => z === 0 && weight[k * inputs + j] !== 0) ? 1 : 0,
    );
    result.push(rows.every((z) => z === 1));
  });
  return result;
}
