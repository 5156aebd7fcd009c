/**
 * The iteration for ‖J_t‖ on the host, a step at a time, each sample stopping on its own (krylov.ts), then û with its pullback and norms.
 * The search for û runs in f32 (panel.ts) where that is enough, else in f64; what is measured of û is always f64.
 * Samples that have stopped leave the block once half of it has: a sample's own arithmetic does not change thereby.
 */
import type { StoredSearch, WitnessMeasurement } from "../engine.ts";
import { IEEE_F64 } from "../engine.ts";
import { estimatedErrors, SINGLE_ACCURACY } from "../krylov.ts";
import { NO_POOL } from "../memory.ts";
import type { Iteration } from "../program/iteration.ts";
import { KrylovState } from "../program/krylov-state.ts";
import type { Matrix, Measure } from "../program/stage.ts";
import { readTree } from "../program/stage.ts";
import { dropUnusable } from "../sample-measurements.ts";
import { columnsOf } from "./column-pool.ts";
import { addScaledColumns, columnDot, columnNorm, pickColumns, unitColumns } from "./columns.ts";
import { Frame } from "./frame.ts";
import { runCalls } from "./kernels.ts";
import { searchPanels } from "./panel.ts";

/** q_j of the samples that had not left by then, each in a column. */
interface BasisBlock {
  readonly vectors: Float64Array;
  readonly samples: Int32Array;
}

/** Witnesses of a block, and how each was found. */
export interface FoundWitnesses {
  readonly measurement: WitnessMeasurement;
  readonly search: (sample: number) => StoredSearch;
}

/**
 * Witnesses from the vectors in `next`, of length 1 (a zero vector gets none), which is left as it was.
 * @param slopes D_1 … of the frame.
 * @param single whether f32 may search first, where it is by Lanczos. @param take where the columns' memory comes from.
 */
export function runIteration(
  frame: Frame,
  own: Iteration,
  slopes: readonly Matrix[],
  accuracy: number,
  single: boolean,
  take = NO_POOL.take,
): FoundWitnesses {
  const below = slopes.slice(0, own.t - 1);
  const { errors, method } = frame.operators.plan;
  const {
    vector,
    steps,
    search: searchOf,
  } = single && method === "lanczos" && accuracy >= SINGLE_ACCURACY ? twice() : search(frame, own, below, accuracy);
  frame.set(own.vector, vector);
  runCalls(frame, own.back);
  const count = steps.length;
  type Norms = Pick<WitnessMeasurement, keyof typeof own.measured>;
  const result = columnsOf(count, take);
  const norms = readTree<Norms, Measure>(own.measured, (measure) => frame.measure(measure, count, result()));
  const error = errors ? { error: estimatedErrors(count, method, own.next.rows, searchOf) } : {};
  const measurement = { ...norms, steps, ...error };
  dropUnusable(measurement);
  return { measurement, search: searchOf };

  /** In f32, and what that left in f64. */
  function twice(): Search {
    const { left, ...found } = searchPanels(frame, own, below, accuracy, take);
    if (left.length === 0) return found;
    const count = found.steps.length;
    const rest = new Frame(frame.operators, frame.first, null);
    for (const of of [own.next, ...below]) rest.set(of, pickColumns(frame.of(of), count, left));
    const again = search(rest, own, below, accuracy);
    const places = new Map(Array.from(left, (sample, i) => [sample, i]));
    left.forEach((sample, i) => {
      found.steps[sample] = again.steps[i] as number;
      for (let row = 0; row < own.next.rows; row++)
        found.vector[row * count + sample] = again.vector[row * left.length + i] as number;
    });
    return {
      ...found,
      search: (sample) => {
        const place = places.get(sample);
        return place === undefined ? found.search(sample) : again.search(place);
      },
    };
  }
}

/** û of every sample, n_t × B, and the steps it took. */
interface Search {
  readonly vector: Float64Array;
  readonly steps: Int32Array;
  readonly search: FoundWitnesses["search"];
}

/** In f64. @param below D_1 … D_{t−1}. */
function search(frame: Frame, own: Iteration, below: readonly Matrix[], accuracy: number): Search {
  const { next, gram, image } = own;
  const { rows } = next;
  let q = frame.of(next);
  const count = q.length / rows;
  const { fault, plan } = frame.operators;
  const state = new KrylovState(count, rows, accuracy, IEEE_F64.unitRoundoff, fault, plan.method);
  const basis: BasisBlock[] = [];
  const live = new Frame(frame.operators, frame.first, null);
  for (const D of below) live.set(D, frame.of(D));
  let samples = Int32Array.from({ length: count }, (_, j) => j);
  let previous: Float64Array = new Float64Array(q.length);
  let previousBeta: Float64Array = new Float64Array(count);
  for (;;) {
    basis.push({ vectors: q, samples });
    live.set(next, q);
    runCalls(live, gram);
    const r = live.of(image);
    const alpha = columnDot(q, r, samples.length);
    addScaledColumns(r, negative(alpha), q);
    addScaledColumns(r, negative(previousBeta), previous);
    const beta = columnNorm(r, samples.length);
    samples.forEach((sample, i) => {
      state.take(sample, alpha[i] as number, beta[i] as number);
    });
    if (!state.anyRuns) break;
    previous = q;
    previousBeta = beta;
    q = unitColumns(r, beta);
    const running = samples.filter((sample) => state.runs(sample));
    if (2 * running.length > samples.length) continue;
    const width = samples.length;
    const kept = Int32Array.from(running, (sample) => samples.indexOf(sample));
    q = pickColumns(q, width, kept);
    previous = pickColumns(previous, width, kept);
    previousBeta = pickColumns(previousBeta, width, kept);
    for (const D of below) live.set(D, pickColumns(live.of(D), width, kept));
    samples = running;
  }
  const vector = combine(basis, state, rows, count);
  return { vector, steps: state.steps(), search: (sample) => state.search(sample) };
}

/** û = Σ_j s_j q_j, each sample by the coefficients of its own steps. */
function combine(basis: readonly BasisBlock[], state: KrylovState, rows: number, columns: number): Float64Array {
  const coefficients = Array.from({ length: columns }, (_, sample) => state.ritzCoefficients(sample));
  const vector = new Float64Array(rows * columns);
  basis.forEach(({ vectors, samples }, j) => {
    const width = samples.length;
    const stepped: { readonly from: number; readonly to: number; readonly factor: number }[] = [];
    samples.forEach((to, from) => {
      const factor = (coefficients[to] as Float64Array)[j];
      if (factor !== undefined) stepped.push({ from, to, factor });
    });
    // Row after row, as the matrices lie.
    for (let row = 0, own = 0; own < vector.length; row += width, own += columns) {
      for (const { from, to, factor } of stepped) {
        vector[own + to] = (vector[own + to] as number) + factor * (vectors[row + from] as number);
      }
    }
  });
  return vector;
}

function negative(x: Float64Array): Float64Array {
  return x.map((v) => -v);
}
