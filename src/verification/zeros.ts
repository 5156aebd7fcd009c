/**
 * Which zeros of one sample are certain (MATH.md §2, rule 2). A stored 0 may stand for a number that is too small for the format, or for
 * a sum that cancelled in rounding; of such a zero nothing follows. Certain are
 *
 *     W_t[k, i] = 0,        D̂_t[k] = 0 where g′(ẑ) = 0 by definition (kinks.ts),        ∂f/∂h[k] = 0 by the head's formula,
 *
 * and what follows from those in exact arithmetic: entry i of W_tᵀδ_t is 0 where each of its terms has a certain zero (the zeros'
 * pattern), and where the sums themselves were made without rounding (`exactProduct`). Rows of J_t likewise, by their pattern.
 */
import type { Measurements, StoredSample } from "../engine/engine.ts";
import type { Plan } from "../engine/plan.ts";
import { exponentOf } from "../engine/powers.ts";
import type { Head } from "../network/heads.ts";
import type { ActivationName } from "../network/activations.ts";
import { slopeIsZero } from "../network/kinks.ts";

export interface CertainZeros {
  /** ∇ₓf = 0. */
  readonly gradient: boolean;
  /** D_t = 0, t = 1 … l. */
  readonly slopes: readonly boolean[];
  /** δ_t = 0, t = 1 … l. */
  readonly adjoint: readonly boolean[];
  /** J_t = 0, t = 1 … l. */
  readonly jacobian: readonly boolean[];
}

/** A vector of which some entries are certainly 0; `values` are exact, or null where rounding came in. */
interface Known {
  readonly zero: Uint8Array;
  readonly values: Float64Array | null;
}

/** Whether one of the sample's measured numbers is 0, so that it is worth asking which zeros are certain. */
export function hasZero(m: Measurements, at: number): boolean {
  return [m.adjointNorm, m.pullbackNorm, m.slopeMax].some((list) => list.some((norms) => norms[at] === 0));
}

/** @param flush the engine's least normal number. @param index of the sample in the run: its row of a head's targets. */
export function certainZeros(plan: Plan, stored: StoredSample, flush: number, index: number): CertainZeros {
  const depth = plan.layers.length;
  const slopeZeros = plan.network.layers.map(({ activation }, i) => {
    const [z, d] = [stored.preactivation[i] as Float64Array, stored.slopes[i] as Float64Array];
    return Uint8Array.from(d, (v, k) => (v === 0 && slopeIsZero(activation, z[k] as number, flush) ? 1 : 0));
  });
  const adjoint = new Array<boolean>(depth).fill(false);
  let known = masked(topGradient(plan, stored, index), slopeZeros[depth - 1], stored.slopes[depth - 1]);
  for (let t = depth; t >= 1; t--) {
    adjoint[t - 1] = known.zero.every((z) => z === 1);
    known = pulledBack(plan, t, known);
    if (t > 1) known = masked(known, slopeZeros[t - 2], stored.slopes[t - 2]);
  }
  const all = (zero: Uint8Array): boolean => zero.every((z) => z === 1);
  return {
    gradient: all(known.zero),
    slopes: slopeZeros.map(all),
    adjoint,
    jacobian: jacobianZeros(plan, slopeZeros),
  };
}

function topGradient(
  { head, network }: Plan,
  { topGradient: g, hidden, preactivation }: StoredSample,
  index: number,
): Known {
  const output = hidden[network.layers.length] as Float64Array;
  const z = preactivation[network.layers.length - 1] as Float64Array;
  const activation = (network.layers.at(-1) as { activation: ActivationName }).activation;
  const zero = Uint8Array.from(g, (v, i) => (v === 0 && entryIsZero(head, activation, z, output, i, index) ? 1 : 0));
  return { zero, values: g };
}

/** Whether entry i of ∂f/∂h, stored as 0, is 0 by the head's formula and the stored output. */
function entryIsZero(
  head: Head,
  activation: ActivationName,
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
      return false;
  }
}

/** D ∘ x. */
function masked(x: Known, slopeZero: Uint8Array | undefined, slopes: Float64Array | undefined): Known {
  const zero = x.zero.map((z, k) => (z === 1 || slopeZero?.[k] === 1 ? 1 : 0));
  if (x.values === null || slopes === undefined) return { zero, values: null };
  const values = x.values.map((v, k) => v * (slopes[k] as number));
  const grid = gridOf(x.values) + gridOf(slopes);
  const exact = x.values.every((v, k) => isExact(Math.abs(v * (slopes[k] as number)), grid));
  return { zero, values: exact ? values : null };
}

/** W′_tᵀδ. */
function pulledBack(plan: Plan, t: number, { zero, values }: Known): Known {
  const { inputs, outputs } = plan.network.layers[t - 1] as { inputs: number; outputs: number };
  const weight = (plan.network.layers[t - 1] as { weight: Float64Array }).weight;
  const result = new Uint8Array(inputs).fill(1);
  for (let k = 0; k < outputs; k++) {
    if (zero[k] === 1) continue;
    for (let i = 0; i < inputs; i++) if (weight[k * inputs + i] !== 0) result[i] = 0;
  }
  const product = values === null ? null : exactProduct(weight, inputs, values);
  product?.forEach((v, i) => {
    // An exact sum of 0 from entries that are what they are: those that underflowed to 0 have a place in the pattern.
    if (v === 0 && !touchesUncertain(weight, inputs, i, zero, values as Float64Array)) result[i] = 1;
  });
  return { zero: result, values: product };
}

/** Whether a stored 0 that is not certain has a share in entry i of Wᵀx. */
function touchesUncertain(weight: Float64Array, inputs: number, i: number, zero: Uint8Array, x: Float64Array): boolean {
  return x.some((v, k) => v === 0 && zero[k] === 0 && weight[k * inputs + i] !== 0);
}

/**
 * Wᵀx where no step of it rounds, else null: all terms are multiples of 2^(a + b), a and b the exponents of the last bits of W's and x's
 * entries, and no partial sum, in any order, reaches 2⁵³ of those (so that each is a double: no rounding, no underflow).
 */
function exactProduct(weight: Float64Array, inputs: number, x: Float64Array): Float64Array | null {
  const grid = gridOf(weight) + gridOf(x);
  const sum = new Float64Array(inputs);
  const size = new Float64Array(inputs);
  for (let k = 0; k < x.length; k++) {
    const v = x[k] as number;
    if (v === 0) continue;
    for (let i = 0; i < inputs; i++) {
      const term = (weight[k * inputs + i] as number) * v;
      sum[i] = (sum[i] as number) + term;
      size[i] = (size[i] as number) + Math.abs(term);
    }
  }
  return size.every((s) => isExact(s, grid)) ? sum : null;
}

/** Whether a number of this size on the grid of multiples of 2^grid is a double, with a bit to spare for the size's own rounding. */
function isExact(size: number, grid: number): boolean {
  if (size === 0 || grid === Infinity) return true;
  return grid >= -1022 && exponentOf(size) - grid < 52 && size < Infinity;
}

/** The largest g for which every entry is a multiple of 2^g; Infinity where all are 0, −Infinity where one is not finite. */
function gridOf(x: Float64Array): number {
  let grid = Infinity;
  for (const v of x) {
    if (!Number.isFinite(v)) return -Infinity;
    if (v !== 0) grid = Math.min(grid, lastBit(v));
  }
  return grid;
}

/** The exponent of the last one bit of a finite x ≠ 0. */
function lastBit(x: number): number {
  const exponent = exponentOf(x);
  if (exponent < -1022) return -1074;
  // m in [2⁵², 2⁵³), whole: its trailing zeros by halving the range.
  let m = Math.abs(x) * 2 ** -Math.max(-1022, Math.min(1000, exponent));
  if (exponent > 1000) m = Math.abs(x) * 2 ** -1000 * 2 ** (1000 - exponent);
  let bits = 0;
  while (m % 1 !== 0) {
    m *= 2;
    bits++;
  }
  return exponent - bits;
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
