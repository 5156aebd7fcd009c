/**
 * Proven intervals of ‖J_t‖₂ at stored slopes that are about as narrow as asked for, a sample at a time: for `--certify`, where a witness tells
 * about where the norm is and few digits are wanted. That costs one product a layer, one Cholesky factorisation, and solves with its factor.
 *
 * With J_t = D_{t−1}W_{t−1} … D_1W_1, û = 2⁻⁵³, γ_k = kû/(1 − kû), d_s ≥ max|D_s|, ω_s ≥ ‖|W_s|‖, hats for what is stored:
 *
 * 1. Base. B = W_1 where n_1 ≤ n_2. Else B = L of Cholesky's LLᵀ ≈ Ĝ + δI, Ĝ = fl(W_1W_1ᵀ), n_2 × n_2 instead of n_2 × n_1. Ĝ is within γ_j ω_1² of
 *    W_1W_1ᵀ (gram.ts), the shift's addition within û(max ĝ_ii + δ), and LLᵀ within c = γ_m/(1 − γ_m) tr of what was factored (cholesky.ts), so that
 *    W_1W_1ᵀ is within E = γ_j ω_1² + û(max ĝ_ii + δ) + c + δ of BBᵀ.
 * 2. Rows. X_2 = D_1B, X_t = (D_{t−1}W_{t−1})X_{t−1}, rows of a zero slope left out. |X̂_2 − D_1B| ≤ û|D_1B|. An entry of X̂_t is a sum of at most
 *    n_{t−1} terms (d w)x of two products and at most n_{t−1} additions: |X̂_t − D W X̂_{t−1}| ≤ γ_{n+1}|D||W||X̂_{t−1}|, n = n_{t−1}. So with
 *    ‖|W||X̂|‖_F ≤ ω‖X̂‖_F the exact product K_t = D_{t−1}W_{t−1} … D_1B is within e_t of X̂_t:
 *    e_2 = û d_1‖B‖_F,  e_t = d_{t−1}(U(W_{t−1}) e_{t−1} + γ_{n+1} ω_{t−1}‖X̂_{t−1}‖_F).
 * 3. Ball. Let Y be X̂_t or its transpose, the one with fewer columns, p of them with the padding, and q rows. Cholesky of ρ²I − YᵀY runs as one sum
 *    over the rows of Y and the rows of U above (assembly/ball-proof.ts). That it ends with every pivot positive says (Higham, Lemma 8.4: ρ², the first
 *    of its terms, carries no error) |ρ²I − YᵀY − UᵀU| ≤ γ_k(|Y|ᵀ|Y| + |U|ᵀ|U|), where k = q + p + 12 covers a product, the additions of at most q + p
 *    terms, the subtraction, three more rows of the same four, a root, a reciprocal and a product. On its diagonal Σy² + Σu² ≤ ρ²/(1 − γ_k), hence every
 *    entry of |Y|ᵀ|Y| + |U|ᵀ|U| is at most that, and ‖Y‖² ≤ ρ²(1 + pγ_k/(1 − γ_k)): no ω, no trace, nothing of the factor's.
 * 4. ‖J_t‖² ≤ (‖Y‖ + e_t)² + (d_1 Π_{1<s<t} U(W_s)d_s)² E, E = 0 where B = W_1; and ≥ (‖Y‖ − e_t)² − the same.
 * 5. t = 2 where Ĝ is there: Cholesky of ρ²I − C, C = fl(D_1ĜD_1). C is within γ_{j+2} d_1²ω_1² of J_2J_2ᵀ; the factorisation's error has
 *    the further term γ_k|C|, ‖|C|‖ ≤ (1 + γ_{j+2})d_1²ω_1², and c_ii ≥ 0. So ‖J_2‖² ≤ ρ²(1 + pγ_k/(1 − γ_k)) + γ_{k+j+2} d_1²ω_1².
 *
 * 6. Lower end. By 3, vᵀYᵀYv ≥ ρ²‖v‖² − ‖Uv‖² − pγ_k/(1 − γ_k)ρ²‖v‖² for any v; v is a random vector after some solves with UᵀU, which has nearly
 *    a null vector, brought to a length of about 1. fl(Uv) is within γ_{p+1}‖U‖_F‖v‖ of Uv, ‖U‖_F² ≤ pρ²/(1 − γ_k); its norm and v's are within γ_{p+2}. So the interval's two
 *    ends are this file's own: a wrong witness can only keep it from being found.
 *
 * Underflow, gradual: each product loses at most 2⁻¹⁰⁷⁵. `TINY` covers what a step's products, fewer than 2¹⁰⁰, lose beside numbers below 2⁷⁰; ρ is within
 * 2^±200, so that in the factorisation one more in k does. What overflows leaves a pivot that is not positive, or a bound that is not finite.
 */
import { choleskyInPlace, choleskyRoundings } from "../dense/cholesky.ts";
import { gramOfRows, gramRoundings } from "../dense/gram.ts";
import type { ProvenNorms, Wanted } from "../engine.ts";
import type { Interval } from "../interval.ts";
import type { Plan, PlannedLayer } from "../plan.ts";
import type { ProofKernels } from "./ball-kernels.ts";
import { openProofKernels } from "./ball-kernels.ts";

const UNIT = 2 ** -53;
const UP = 1 + 2 ** -46;
const DOWN = 1 - 2 ** -46;
const TINY = 2 ** -900;

const gamma = (k: number): number => (k * UNIT) / (1 - k * UNIT);

/** Shares of the width that an upper end is tried at: most witnesses are much nearer to the norm than they had to be. */
const ATTEMPTS = [1 / 8, 7 / 8] as const;
/** Times that a vector of the lower end is made better. */
const ROUNDS = 4;

interface Goal {
  readonly lower: number;
  readonly width: number;
}

const provers = new WeakMap<Plan, BallProver | null>();

/** This thread's own of a plan; null where there is none. */
export function proverOf(plan: Plan): BallProver | null {
  let own = provers.get(plan);
  if (own === undefined) {
    own = BallProver.of(plan);
    provers.set(plan, own);
  }
  return own;
}

/** A plan's matrices in a memory of their own. */
export class BallProver {
  private readonly layers: readonly PlannedLayer[];
  /** n_1 … n_l. */
  private readonly widths: readonly number[];
  /** Columns of B. */
  private readonly columns: number;
  private readonly kernels: ProofKernels;
  private readonly baseNorm: number;
  /** E of step 1. */
  private readonly baseError: number;
  /** j of step 5; null where there is no Ĝ. */
  private readonly gramTerms: number | null;
  private readonly isLower: boolean;

  private constructor(plan: Plan, base: Base, kernels: ProofKernels) {
    this.layers = plan.layers;
    this.widths = plan.network.layers.map(({ inputs }) => inputs);
    this.kernels = kernels;
    this.columns = base.columns;
    this.isLower = base.error > 0;
    this.baseError = base.error;
    this.baseNorm = Math.hypot(...kernels.baseSquares().map(Math.sqrt)) * (1 + gamma(base.values.length + 4)) * UP;
    this.gramTerms = base.gram === null ? null : gramRoundings(this.widths[0] as number);
  }

  /** Null where there is no J_2, or no memory. */
  static of(plan: Plan): BallProver | null {
    if (plan.layers.length < 2) return null;
    const base = baseOf(plan);
    const kernels = openProofKernels({
      widths: plan.network.layers.map(({ inputs }) => inputs),
      weights: plan.layers.map(({ scaledWeight }) => scaledWeight),
      ...{ base: base.values, columns: base.columns, gram: base.gram },
    });
    return kernels === null ? null : new BallProver(plan, base, kernels);
  }

  /**
   * Intervals of ‖J_t‖ of each sample, as narrow as wanted where one was proven.
   * @param slopes D_1 … D_{l−1}, n_{t+1} × samples. @param slopeMax max|D_t|. @param wanted by t − 1, null for a layer that is not.
   */
  prove(
    slopes: readonly Float64Array[],
    slopeMax: readonly Float64Array[],
    samples: number,
    wanted: readonly (Wanted | null)[],
  ): (ProvenNorms | null)[] {
    const { kernels } = this;
    if (!kernels.putSlopes(slopes, samples)) return wanted.map(() => null);
    const result = wanted.map((own) =>
      own === null ? null : { lower: new Float64Array(samples), upper: new Float64Array(samples).fill(Infinity) },
    );
    const last = wanted.reduce((t, own, i) => (own === null ? t : i + 1), 0);
    for (let sample = 0; sample < samples; sample++) {
      let error = 0;
      /** d_1 Π U(W_s)d_s. */
      let through = 0;
      for (let t = 2; t <= last; t++) {
        const own = wanted[t - 1] ?? null;
        const d = (slopeMax[t - 2] as Float64Array)[sample] as number;
        const { absoluteNorm, spectralNorm } = this.layers[t - 2] as PlannedLayer;
        if (t === 2) {
          through = d;
          error = UNIT * d * this.baseNorm * UP + TINY;
          kernels.first(sample);
        } else {
          const { columns } = this;
          const terms = this.widths[t - 2] as number;
          const squares = kernels.squares() * (1 + gamma(terms * columns + 4));
          const frobenius = Math.sqrt(squares) * UP;
          through *= spectralNorm.upper * d * UP;
          error =
            d * (spectralNorm.upper * error + gamma(terms + 1) * absoluteNorm * frobenius) * UP +
            TINY * (1 + frobenius);
          kernels.next(t, sample, this.isLower && t === 3);
        }
        const lower = own === null ? 0 : (own.lower[sample] as number);
        if (own === null || !(lower > 2 ** -200 && lower < 2 ** 199)) continue;
        const found = this.tried(t, { lower, width: own.width }, d, error, through);
        if (found === null) continue;
        const { lower: lowers, upper: uppers } = result[t - 1] as ProvenNorms;
        [lowers[sample], uppers[sample]] = [found.lower, found.upper];
      }
    }
    return result;
  }

  /** Null where the two ends come no nearer to each other than asked for. */
  private tried(t: number, { lower: known, width }: Goal, d: number, error: number, through: number): Interval | null {
    const { kernels, gramTerms, baseError } = this;
    const byGram = t === 2 && gramTerms !== null && kernels.rows() <= this.columns;
    const { absoluteNorm } = this.layers[0] as PlannedLayer;
    for (const share of ATTEMPTS) {
      const square = (known * (1 + share * width)) ** 2;
      const found = byGram ? kernels.gramBall(square) : kernels.rowsBall(square);
      if (found === null) continue;
      const { size, terms } = found;
      const g = gamma(terms + 13);
      const own = ((size * g) / (1 - g)) * square;
      const slack = byGram ? (own + gamma(terms + 15 + gramTerms) * (d * absoluteNorm) ** 2) * UP : own * UP;
      const beside = byGram ? 0 : through ** 2 * baseError * UP;
      const e = byGram ? 0 : error;
      const upper = Math.sqrt((Math.sqrt(square + slack) * UP + e) ** 2 * UP + beside) * UP;
      for (let round = 0; round < ROUNDS; round++) {
        const image =
          Math.sqrt(found.quotient()) * (1 + gamma(2 * size + 8)) + gamma(size + 2) * Math.sqrt(size) * upper;
        const inner = Math.sqrt(Math.max(0, square * DOWN - image ** 2 * UP - slack)) * DOWN - e;
        const lower = Math.sqrt(Math.max(0, Math.max(0, inner) ** 2 * DOWN - beside)) * DOWN;
        if (upper - lower <= width * lower) return { lower, upper };
      }
    }
    return null;
  }
}

interface Base {
  readonly values: Float64Array;
  readonly columns: number;
  readonly gram: Float64Array | null;
  readonly error: number;
}

function baseOf({ layers, network }: Plan): Base {
  const { scaledWeight, absoluteNorm } = layers[0] as PlannedLayer;
  const { inputs, outputs } = network.layers[0] as { inputs: number; outputs: number };
  const gram = outputs < 2 * inputs ? gramOfRows(scaledWeight, outputs, inputs) : null;
  const whole = { values: scaledWeight, columns: inputs, gram, error: 0 };
  if (gram === null || outputs >= inputs) return whole;
  const g = gamma(choleskyRoundings(outputs));
  let [trace, largest] = [0, 0];
  for (let i = 0; i < gram.length; i += outputs + 1) {
    trace += gram[i] as number;
    largest = Math.max(largest, gram[i] as number);
  }
  const shift = 4 * g * trace;
  const factor = Float64Array.from(gram);
  for (let i = 0; i < gram.length; i += outputs + 1) factor[i] = (factor[i] as number) + shift;
  if (!(trace > 0) || choleskyInPlace(factor, outputs) !== null) return whole;
  for (let i = 0; i < outputs; i++) factor.fill(0, i * outputs + i + 1, (i + 1) * outputs);
  const cholesky = (g / (1 - g)) * (trace + outputs * shift) * (1 + gamma(2 * outputs + 4));
  const error =
    (gamma(gramRoundings(inputs)) * absoluteNorm ** 2 + UNIT * (largest + shift) + cholesky + shift) * UP + TINY;
  return { values: factor, columns: outputs, gram, error };
}
