/**
 * What a plan says of its weights' norms, against the network's own weights, by the audit's own proofs:
 *
 *     ‖W‖ ≥ ‖Wv‖/‖v‖ for the planned vector, which must explain the lower end, and for one of the audit's own, which must not exceed the upper
 *     ‖W‖ ≤ U where a Cholesky factorisation of U²(1 + s)I − G, G = WWᵀ or WᵀW, succeeds; that it fails disproves U, for s above its rounding
 *     ω ≥ ‖ |W|y ‖/‖y‖, and ω ≤ √(‖W‖₁‖W‖_∞), ω ≤ ‖W‖_F, ω ≤ √ max_i (|W|ᵀ|W|y)_i/y_i for the y of six steps from ones (Collatz–Wielandt)
 *
 * Cholesky of A succeeds if λ_min(A) is above γ_{n+1}/(1 − γ_{n+1}) tr A (Higham, Theorem 10.7), and forming G costs γ_m ‖W‖_F².
 */
import type { Plan } from "../../engine/plan.ts";
import { gamma } from "../rounding.ts";
import type { Comparison, Discrepancy } from "./comparison.ts";
import { createComparison } from "./comparison.ts";
import type { PreparedLayer, Prepared } from "./prepared.ts";
import { HOST, timesPowerOfTwo } from "./scaling.ts";
import { topPair, topVector, topWorkspace } from "./top-singular.ts";
import { euclidean, gramOfRows, multiply, multiplyTransposed } from "./vectors.ts";

/** The plan's norms, layer by layer. Once a plan. */
export function auditPlan(prepared: Prepared): readonly Discrepancy[] {
  return prepared.layers.flatMap((_, i) => auditPlannedLayer(prepared, i));
}

/** @param i t − 1. */
export function auditPlannedLayer(prepared: Prepared, i: number): readonly Discrepancy[] {
  const comparison = createComparison();
  const own = prepared.layers[i] as PreparedLayer;
  const planned = prepared.plan.layers[i] as Plan["layers"][number];
  const t = i + 1;
  auditScaling(own, t, comparison);
  if (i === 0) auditGram(prepared, comparison);
  const largest = own.bias.reduce((most, b) => Math.max(most, Math.abs(b)), 0);
  comparison.near("norms", t, "max|b|", planned.biasMax, largest, 0);
  const frobenius = euclidean(own.scaled);
  const spread = gamma(own.scaled.length + 8, HOST);
  meet(comparison, t, "‖W‖", planned.spectralNorm, planned.proof.spectral);
  outside(comparison, t, "‖W‖_F", planned.frobeniusNorm.lower, 0, frobenius * (1 + spread));
  outside(
    comparison,
    t,
    "‖W‖_F",
    planned.frobeniusNorm.upper,
    frobenius * (1 - spread),
    frobenius * (1 + 4 * spread + SLACK),
  );
  if (!(frobenius > 0)) {
    outside(comparison, t, "‖W‖'s upper bound", planned.spectralNorm.upper, 0, 0);
    return comparison.found;
  }
  auditSpectral(own, planned, frobenius, t, comparison);
  auditAbsolute(own, planned, frobenius, t, comparison);
  return comparison.found;
}

/** Of the roundings of a last formula, a few dozen. */
const SLACK = 2 ** -46;

/** Writes down a number outside [least, most]. */
function outside(
  comparison: Comparison,
  t: number,
  quantity: string,
  found: number,
  least: number,
  most: number,
): void {
  if (found >= least && found <= most) return;
  comparison.near("norms", t, quantity, found, found < least ? least : most, 0);
}

/** W′ = 2^−k W: the same bits, but where W′ is subnormal. */
function auditScaling({ weight, scaled, exponent }: PreparedLayer, t: number, comparison: Comparison): void {
  for (let k = 0; k < weight.length; k++) {
    const right = timesPowerOfTwo(weight[k] as number, -exponent);
    if (right === scaled[k]) continue;
    comparison.near("norms", t, "W", scaled[k] as number, right, Math.abs(right) < 2 ** -1000 ? 2 ** -1040 : 0);
  }
}

/** The plan's W′_1W′_1ᵀ: each sum is within γ_m of the product of its rows' norms. */
function auditGram(prepared: Prepared, comparison: Comparison): void {
  const { firstGram: planned } = prepared.plan;
  const own = planned === null ? null : prepared.firstGram();
  if (planned === null || own === null) return;
  const { rows, inputs, outputs } = prepared.layers[0] as PreparedLayer;
  const rounding = 2 * gamma(inputs + 2, HOST);
  for (let i = 0; i < outputs; i++) {
    for (let j = 0; j < outputs; j++) {
      const found = planned[i * outputs + j] as number;
      const right = own[i * outputs + j] as number;
      const bound = rounding * (rows[i] as number) * (rows[j] as number) + inputs * HOST.flush;
      if (!(Math.abs(found - right) <= bound)) comparison.near("norms", 1, "WWᵀ", found, right, bound);
    }
  }
}

function auditSpectral(
  own: PreparedLayer,
  { spectralNorm, proof }: Plan["layers"][number],
  frobenius: number,
  t: number,
  comparison: Comparison,
): void {
  const { inputs: columns, outputs: rows } = own;
  const [n, inner] = [Math.min(rows, columns), Math.max(rows, columns)];
  const rounding = gamma(n + inner + 16, HOST);
  // ‖fl(Wv)‖ is within γ_n‖W‖_F of ‖Wv‖, v of length 1.
  const slack = rounding * frobenius + SLACK * frobenius;
  const claimed = quotient(own, proof.vector);
  const independent = quotient(own, ownVector(own));
  outside(comparison, t, "‖W‖'s lower bound", spectralNorm.lower, 0, claimed + slack);
  const most = frobenius * (1 + 8 * rounding + gamma(own.scaled.length + 8, HOST) + SLACK);
  outside(comparison, t, "‖W‖'s upper bound", spectralNorm.upper, Math.max(claimed, independent) - slack, most);
  if (n > FACTORED) return;
  // What rounding may take from U² I − G: of the factorisation, of G, of the shift.
  const g = gamma(n + 2, HOST);
  const square = spectralNorm.upper ** 2;
  const shift = square + 4 * ((g / (1 - g)) * n * square + gamma(inner + 2, HOST) * frobenius ** 2) + 2 ** -48 * square;
  if (!(square > 2 ** -900 && square < 2 ** 900) || isPositive(own, n, shift)) return;
  comparison.near("norms", t, "‖W‖'s upper bound", spectralNorm.upper, Math.sqrt(shift), 0);
}

/** The largest smaller side that is factored: its cube is the work. */
const FACTORED = 256;

/** Whether Cholesky of shift·I − G runs to its end. */
function isPositive({ scaled, inputs, outputs }: PreparedLayer, n: number, shift: number): boolean {
  const gram =
    outputs <= inputs
      ? gramOfRows(scaled, outputs, inputs)
      : gramOfRows(transposed(scaled, outputs, inputs), inputs, outputs);
  const factor = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = (i === j ? shift : 0) - (gram[i * n + j] as number);
      for (let k = 0; k < j; k++) sum -= (factor[i * n + k] as number) * (factor[j * n + k] as number);
      if (i === j) {
        if (!(sum > 0)) return false;
        factor[j * n + j] = Math.sqrt(sum);
      } else {
        factor[i * n + j] = sum / (factor[j * n + j] as number);
      }
    }
  }
  return true;
}

function transposed(w: Float64Array, rows: number, columns: number): Float64Array {
  return w.map((_, at) => w[(at % rows) * columns + Math.floor(at / rows)] as number);
}

/** ‖Wv‖/‖v‖, or with Wᵀ where v is as long as W has rows, those being fewer or as many. */
function quotient({ scaled, inputs, outputs }: PreparedLayer, v: Float64Array): number {
  const length = euclidean(v);
  if (!(length > 0)) return 0;
  if (inputs === 1 || outputs === 1) return euclidean(scaled);
  const image = new Float64Array(Math.max(inputs, outputs));
  if (outputs <= inputs) multiplyTransposed(scaled, outputs, inputs, v, image);
  else multiply(scaled, outputs, inputs, v, image);
  return euclidean(image) / length;
}

/** Multiplications that the audit's own iteration may take of a layer beyond its first twelve steps. */
const ITERATION_WORK = 2 ** 26;

/** A vector near the top one of W's smaller side, by products with W itself. It need not be: any vector may contradict an upper end. */
function ownVector({ scaled, inputs, outputs }: PreparedLayer): Float64Array {
  if (outputs === 1 || inputs === 1) return Float64Array.of(1);
  const [n, inner] = [Math.min(inputs, outputs), Math.max(inputs, outputs)];
  const between = new Float64Array(inner);
  const apply = (x: Float64Array, y: Float64Array): void => {
    if (outputs <= inputs) {
      multiplyTransposed(scaled, outputs, inputs, x, between);
      multiply(scaled, outputs, inputs, between, y);
    } else {
      multiply(scaled, outputs, inputs, x, between);
      multiplyTransposed(scaled, outputs, inputs, between, y);
    }
  };
  // No structured vector: √2's multiples mod 1, of both signs.
  const start = Float64Array.from({ length: n }, (_, i) => (((i + 1) * Math.SQRT2 * 7) % 1) - 0.37);
  const most = Math.max(12, Math.floor(ITERATION_WORK / (2 * n * inner)));
  const workspace = topWorkspace(n);
  return topVector(topPair(apply, start, 2 ** -30, workspace, most), n, workspace);
}

function auditAbsolute(
  { scaled, inputs, outputs }: PreparedLayer,
  { absoluteNorm }: Plan["layers"][number],
  frobenius: number,
  t: number,
  comparison: Comparison,
): void {
  const size = scaled.map(Math.abs);
  const image = new Float64Array(outputs);
  const next = new Float64Array(inputs);
  const y = new Float64Array(inputs);
  multiplyTransposed(size, outputs, inputs, new Float64Array(outputs).fill(1), y);
  // Columns of zeros add nothing to the norm, and a quotient of theirs means nothing.
  const alive = y.map((v) => (v > 0 ? 1 : 0));
  y.set(alive);
  let least = 0;
  let most = frobenius;
  for (let step = 0; step < 6; step++) {
    multiply(size, outputs, inputs, y, image);
    least = Math.max(least, euclidean(image) / euclidean(y));
    multiplyTransposed(size, outputs, inputs, image, next);
    let worst = 0;
    let largest = 0;
    for (let j = 0; j < inputs; j++) {
      if (alive[j] === 0) continue;
      worst = Math.max(worst, (next[j] as number) / (y[j] as number));
      largest = Math.max(largest, next[j] as number);
    }
    if (worst > 0) most = Math.min(most, Math.sqrt(worst));
    for (let j = 0; j < inputs; j++) y[j] = alive[j] === 1 ? Math.max((next[j] as number) / largest, 2 ** -200) : 0;
  }
  const slack = 2 * gamma(2 * (inputs + outputs) + 16, HOST) + gamma(scaled.length + 8, HOST) + SLACK;
  outside(comparison, t, "‖ |W| ‖", absoluteNorm, least * (1 - slack), most * (1 + slack));
}

/** The brackets have a point in common: half the distance of their middles is within half their widths. */
function meet(
  comparison: Comparison,
  t: number,
  quantity: string,
  planned: { lower: number; upper: number },
  proven: { lower: number; upper: number },
): void {
  const middle = (b: typeof planned): number => b.lower / 2 + b.upper / 2;
  const radius = (b: typeof planned): number => (b.upper - b.lower) / 2;
  const bound = (radius(planned) + radius(proven)) * (1 + 2 ** -50) + 2 ** -52 * proven.upper;
  comparison.near("norms", t, quantity, middle(planned), middle(proven), bound);
}
