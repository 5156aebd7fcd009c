/**
 * Every measured norm, largest slope and product of the cut test against the stored vectors that it speaks of, in f64:
 * norms within normError(n), products within γ_{n+3} Σ|x_i y_i|.
 */
import { gamma, normError } from "../rounding.ts";
import type { Comparison } from "./comparison.ts";
import type { PreparedLayer } from "./prepared.ts";
import { HOST } from "./scaling.ts";
import type { MeasuredSubject } from "./subject.ts";
import { euclidean } from "./vectors.ts";

export function auditNorms(subject: MeasuredSubject, comparison: Comparison): void {
  const { traced, measurements: m, at, arithmetic, prepared, norms } = subject;
  const norm = (
    t: number,
    quantity: string,
    measured: Float64Array | undefined,
    vector: Float64Array,
    right = euclidean(vector),
  ): void => {
    const found = measured?.[at] ?? NaN;
    // Twice: the engine's own error, and the host's, subnormal numbers included (bounds.ts, normUpper).
    const bound = 2 * (normError(vector.length, arithmetic) * right + Math.sqrt(vector.length) * arithmetic.flush);
    if (!(Math.abs(found - right) <= bound)) comparison.near("norms", t, quantity, found, right, bound);
  };
  comparison.near("norms", null, "the reported f", m.value[at] as number, traced.value, 0);
  comparison.near("norms", null, "the exponent of ∂f/∂h", m.topExponent[at] as number, traced.topExponent, 0);
  prepared.layers.forEach(({ kinks }, i) => {
    const t = i + 1;
    norm(t, "‖h‖", m.hiddenNorm[i], traced.hidden[i] as Float64Array, norms.hidden[i]);
    norm(t, "‖δ‖", m.adjointNorm[i], traced.adjoints[i] as Float64Array, norms.adjoints[i]);
    norm(t, "‖Wᵀδ‖", m.pullbackNorm[i], traced.pullbacks[i] as Float64Array, norms.pullbacks[i]);
    comparison.near("norms", t, "max|D|", m.slopeMax[i]?.[at] ?? NaN, norms.slopes[i] as number, 0);
    const least = leastDistance(kinks, traced.preactivation[i] as Float64Array);
    const distance = m.kinkDistance[i]?.[at] ?? NaN;
    comparison.near("norms", t, "z's distance from a kink", distance, least, 2 * arithmetic.unitRoundoff * least);
    traced.directions.forEach((direction, k) => {
      const own = k as 0 | 1;
      const tangent = direction.tangents[i] as Float64Array;
      norm(t, "‖τ‖", m.directions[own].tangentNorm[i], tangent, norms.tangents[own][i]);
    });
    const witness = traced.witnesses[i] ?? null;
    const measured = m.witnesses[i] ?? null;
    const own = norms.witnesses[i] ?? null;
    if (witness !== null && measured !== null && own !== null) {
      norm(t, "the witness's norm", measured.vectorNorm, witness.vector, own.vector);
      norm(t, "‖J‖ of the witness", measured.pullbackNorm, witness.result, own.result);
      witness.stages.forEach((stage, s) => {
        norm(t, "the norm of the witness's stage", measured.stageNorm[s], stage, own.stages[s]);
      });
    }
  });
  auditProducts(subject, comparison);
}

/** The least |z − k| over the entries of z and the kinks k; Infinity where there are none. */
function leastDistance(kinks: PreparedLayer["kinks"], z: Float64Array): number {
  let least = Infinity;
  for (const at of kinks) {
    for (let i = 0; i < z.length; i++) {
      const distance = Math.abs((z[i] as number) - at);
      if (distance < least) least = distance;
    }
  }
  return least;
}

/** S_0 = ĝ_x·v and S_t = δ̂_t·ζ̂_t of both directions. */
function auditProducts({ traced, measurements: m, at, arithmetic }: MeasuredSubject, comparison: Comparison): void {
  const product = (t: number, x: Float64Array, y: Float64Array, measured: number): void => {
    let sum = 0;
    let magnitude = 0;
    let largest = 0;
    for (let i = 0; i < x.length; i++) {
      const a = x[i] as number;
      const b = y[i] as number;
      sum += a * b;
      magnitude += Math.abs(a * b);
      largest = Math.max(largest, Math.abs(a), Math.abs(b));
    }
    const rounding = gamma(x.length + 3, arithmetic) + gamma(x.length + 3, HOST);
    // Both vectors are scaled by their largest entries first: what is flushed is small beside those.
    const flushed = (arithmetic.flush + HOST.flush) * x.length * (2 + largest) * (1 + largest);
    comparison.near("norms", Math.max(1, t), "the cut test's product", measured, sum, rounding * magnitude + flushed);
  };
  traced.directions.forEach(({ tangents, pushed }, k) => {
    const measured = (t: number): number => m.directions[k as 0 | 1].products[t]?.[at] ?? NaN;
    product(0, traced.inputGradient, tangents[0] as Float64Array, measured(0));
    traced.adjoints.forEach((delta, i) => {
      product(i + 1, delta, pushed[i] as Float64Array, measured(i + 1));
    });
  });
}
