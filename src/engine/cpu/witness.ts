/**
 * The witness for ‖J_t‖: Lanczos on J_tJ_tᵀ for a block of samples, each stopping on its own (krylov.ts), then the explicit
 * pullback of the Ritz vector (MATH.md §2, "The witness").
 *
 * Samples that have stopped leave the block once half of it has: a sample's own arithmetic does not change thereby.
 */
import type { WitnessMeasurement } from "../engine.ts";
import { IEEE_F64 } from "../engine.ts";
import { converged, exhausted, isCheckpoint, ritzVector } from "../krylov.ts";
import { dropUnusable } from "../sample-measurements.ts";
import { addScaledColumns, columnDot, columnNorm, pickColumns, unitColumns } from "./columns.ts";
import type { Operators } from "./operators.ts";
import { gramAction, pullback, stageNorms } from "./pullback.ts";

/** A basis block q_j and where each sample's column stands in it (−1: it had left). */
interface BasisBlock {
  readonly vectors: Float64Array;
  readonly samples: Int32Array;
}

/** A block's witnesses: what is measured of them, and the vectors themselves (û n_t × B, ĉ n_1 × B). */
export interface WitnessBlock {
  readonly measurement: WitnessMeasurement;
  readonly vector: Float64Array;
  readonly stages: readonly Float64Array[];
  readonly result: Float64Array;
}

/**
 * @param start n_t × B, any length; zero columns get no witness.
 * @param slopes D_1 … D_{t−1} at least, each n_{s+1} × B.
 */
export function findWitness(
  operators: Operators,
  slopes: readonly Float64Array[],
  t: number,
  start: Float64Array,
  accuracy: number,
  columns: number,
): WitnessBlock {
  const n = operators.width(t);
  const alpha = Array.from({ length: columns }, (): number[] => []);
  const beta = Array.from({ length: columns }, (): number[] => []);
  const steps = new Int32Array(columns);
  const basis: BasisBlock[] = [];

  let samples: Int32Array = Int32Array.from({ length: columns }, (_, j) => j);
  let liveSlopes = slopes.slice(0, t - 1);
  let q: Float64Array = unitColumns(start, columnNorm(start, columns));
  let previous: Float64Array = new Float64Array(q.length);
  let previousBeta: Float64Array = new Float64Array(columns);
  const running = new Uint8Array(columns).fill(1);

  for (let j = 1; ; j++) {
    basis.push({ vectors: q, samples });
    const next = gramAction(operators, liveSlopes, t, q, samples.length);
    const a = columnDot(q, next, samples.length);
    addScaledColumns(next, negative(a), q);
    addScaledColumns(next, negative(previousBeta), previous);
    const b = columnNorm(next, samples.length);
    samples.forEach((sample, i) => {
      if (running[sample] === 0) return;
      (alpha[sample] as number[]).push(a[i] as number);
      (beta[sample] as number[]).push(b[i] as number);
      steps[sample] = j;
      const stop =
        exhausted(alpha[sample] as number[], beta[sample] as number[], j, IEEE_F64.unitRoundoff) ||
        (isCheckpoint(j, n) && converged(alpha[sample] as number[], beta[sample] as number[], j, n, accuracy));
      if (stop) running[sample] = 0;
    });
    const live = samples.filter((sample) => running[sample] === 1);
    if (live.length === 0) break;
    previous = q;
    previousBeta = b;
    q = unitColumns(next, b);
    if (2 * live.length <= samples.length) {
      const width = samples.length;
      const kept = Int32Array.from(live, (sample) => samples.indexOf(sample));
      q = pickColumns(q, width, kept);
      previous = pickColumns(previous, width, kept);
      previousBeta = pickColumns(previousBeta, width, kept);
      liveSlopes = liveSlopes.map((d) => pickColumns(d, width, kept));
      samples = live;
    }
  }

  const vector = combine(basis, alpha, beta, n, columns);
  const back = pullback(operators, slopes, t, vector, columns);
  const measurement: WitnessMeasurement = {
    vectorNorm: columnNorm(vector, columns),
    pullbackNorm: columnNorm(back.result, columns),
    stageNorm: stageNorms(back.stages, columns),
    steps,
  };
  dropUnusable(measurement);
  return { measurement, vector, ...back };
}

/** û = Σ_j s_j q_j, each sample by the coefficients of its own steps. */
function combine(
  basis: readonly BasisBlock[],
  alpha: readonly number[][],
  beta: readonly number[][],
  n: number,
  columns: number,
): Float64Array {
  const coefficients = alpha.map((a, sample) => ritzVector(a, beta[sample] as number[], a.length));
  const vector = new Float64Array(n * columns);
  basis.forEach(({ vectors, samples }, j) => {
    samples.forEach((sample, position) => {
      const own = coefficients[sample] as Float64Array;
      if (j >= own.length) return;
      const s = own[j] as number;
      for (let i = 0; i < n; i++) {
        const o = i * columns + sample;
        vector[o] = (vector[o] as number) + s * (vectors[i * samples.length + position] as number);
      }
    });
  });
  return vector;
}

function negative(x: Float64Array): Float64Array {
  return x.map((v) => -v);
}
