/**
 * The iteration for ‖J_t‖ in f32: Lanczos on panels of samples, each sample stopping on its own (krylov.ts). It is a search: what it finds, û,
 * is an exact vector whatever made it, and its pullback and norms are made in f64 afterwards (iteration.ts). A sample that f32 has no room
 * for is left to f64.
 *
 * Samples that have stopped leave as soon as a panel can be 16 columns narrower; a sample's own arithmetic does not change thereby.
 */
import type { StoredSearch } from "../engine.ts";
import { isCheckpoint, STEP_LIMIT } from "../krylov.ts";
import { KrylovState } from "../program/krylov-state.ts";
import type { Iteration } from "../program/iteration.ts";
import type { Call, Matrix } from "../program/stage.ts";
import type { Frame } from "./frame.ts";
import type { PanelMemory } from "./panel-kernels.ts";
import { even } from "./panel-kernels.ts";
import { threadPanels } from "./panel-memory.ts";

/** The coarsest accuracy that takes more than f32: a hundred of its roundings. */
export const SINGLE_ACCURACY = 1e-5;

/** α of a sample that stays within f32: squares of what matters beside it neither overflow nor underflow. */
const [LEAST, MOST] = [2 ** -40, 2 ** 40];

const LANES = 16;
const UNIT_ROUNDOFF = 2 ** -24;

export interface PanelSearch {
  /** û, n_t × B, 0 for samples left. */
  readonly vector: Float64Array;
  readonly steps: Int32Array;
  /** Samples that f32 has no room for. */
  readonly left: Int32Array;
  /** Of a sample that is not left. */
  readonly search: (sample: number) => StoredSearch;
}

/** From the vectors in `next`, of length 1. @param slopes D_1 … D_{t−1}. */
export function searchPanels(
  frame: Frame,
  own: Iteration,
  slopes: readonly Matrix[],
  accuracy: number,
  memory: PanelMemory = threadPanels(),
): PanelSearch {
  const { rows } = own.next;
  const start = frame.of(own.next);
  const count = start.length / rows;
  const state = new KrylovState(count, rows, accuracy, UNIT_ROUNDOFF, frame.operators.fault);
  const vector = frame.make(own.vector, rows * count).fill(0);
  const left: number[] = [];
  let samples = Array.from({ length: count }, (_, j) => j);
  let columns = LANES * Math.ceil(count / LANES);

  const { kernels } = memory;
  const layout = layOut(memory, frame, own, slopes, columns);
  const blockBytes = (): number => 4 * rows * columns;
  const basis = (j: number): number => layout.end + j * blockBytes();
  /** Of (α, β) of a step, B numbers each. */
  const made = (step: number): number => layout.coefficients + 8 * (step - from) * columns;
  memory.holds(layout.end - memory.room() + 2 * blockBytes());
  spread(memory, basis(0), start, count, columns, rows);
  for (const D of slopes) spread(memory, layout.at(D), frame.of(D), count, columns, D.rows);

  // Steps whose coefficients no sample has taken yet begin with this one: they are read at the checkpoints.
  let from = 0;
  for (let step = 0; ; step++) {
    memory.holds(layout.end - memory.room() + (step + 2) * blockBytes());
    layout.run(basis(step), columns);
    const beta = step === from ? layout.lastBeta : made(step - 1) + 4 * columns;
    kernels.step(
      ...[basis(step), layout.image, basis(Math.max(0, step - 1)), basis(step + 1)],
      ...[beta, made(step), rows, columns],
    );
    const steps = step + 1;
    if (!isCheckpoint(steps, rows)) continue;
    const numbers = memory.singles();
    const kept: number[] = [];
    for (let i = 0; i < samples.length; i++) {
      const sample = samples[i] as number;
      state.takeAll(sample, numbers, layout.coefficients / 4 + i, columns, steps - from);
      if (state.runs(sample)) kept.push(i);
    }
    numbers.copyWithin(layout.lastBeta / 4, made(step) / 4 + columns, made(step) / 4 + 2 * columns);
    from = steps;
    const width = LANES * Math.ceil(kept.length / LANES);
    if (width === columns) continue;
    finish(steps);
    if (kept.length === 0) break;
    narrow(kept, width, steps);
  }
  return {
    ...{ vector, steps: state.steps(), left: Int32Array.from(left) },
    search: (sample) => state.search(sample),
  };

  /** û of the panel's samples that have stopped, from so many blocks. */
  function finish(blocks: number): void {
    const weightsAt = basis(blocks + 1);
    const vectorAt = weightsAt + 4 * blocks * columns;
    memory.holds(vectorAt + blockBytes() - memory.room());
    const numbers = memory.singles();
    const weights = numbers.subarray(weightsAt / 4, vectorAt / 4).fill(0);
    const done: number[] = [];
    for (let i = 0; i < samples.length; i++) {
      const sample = samples[i] as number;
      if (state.runs(sample)) continue;
      const largest = state.largest(sample);
      const coefficients = state.ritzCoefficients(sample);
      // 0·s is NaN where s is not finite.
      let sum = 0;
      for (let j = 0; j < coefficients.length; j++) {
        const s = coefficients[j] as number;
        weights[j * columns + i] = s;
        sum += 0 * s;
      }
      if (largest >= LEAST && largest <= MOST && sum === 0) done.push(i);
      else left.push(sample);
    }
    kernels.combine(layout.end, weightsAt, vectorAt, rows, columns, blocks);
    for (let row = 0; row < rows; row++) {
      const from = vectorAt / 4 + row * columns;
      for (const i of done) vector[row * count + (samples[i] as number)] = numbers[from + i] as number;
    }
  }

  /** The panel of these columns alone, after so many steps. */
  function narrow(kept: readonly number[], width: number, steps: number): void {
    const numbers = memory.singles();
    const pick = (from: number, to: number, height: number): void => {
      for (let row = 0; row < height; row++) {
        const own = from / 4 + row * columns;
        const into = to / 4 + row * width;
        for (let i = 0; i < kept.length; i++) numbers[into + i] = numbers[own + (kept[i] as number)] as number;
        numbers.fill(0, into + kept.length, into + width);
      }
    };
    for (const D of slopes) pick(layout.at(D), layout.at(D), D.rows);
    pick(layout.lastBeta, layout.lastBeta, 1);
    for (let j = 0; j <= steps; j++) pick(layout.end + j * blockBytes(), layout.end + 4 * j * rows * width, rows);
    samples = kept.map((i) => samples[i] as number);
    columns = width;
  }
}

/** Bytes a column of the coefficients between two checkpoints. */
const COEFFICIENTS = 4 + 8 * STEP_LIMIT;

interface Layout {
  readonly at: (matrix: Matrix) => number;
  /** Of A q, and of what is behind everything: q_1 is there. */
  readonly image: number;
  readonly end: number;
  /** Of β_{j−1} at the first step j after a checkpoint, and of (α, β) of the steps from there. */
  readonly lastBeta: number;
  readonly coefficients: number;
  /** A q of the vectors at an offset. */
  readonly run: (q: number, columns: number) => void;
}

/** Where everything stands in the memory that one iteration needs but its basis, and its product A q as calls of kernels. */
function layOut(memory: PanelMemory, frame: Frame, own: Iteration, slopes: readonly Matrix[], columns: number): Layout {
  const { operators } = frame;
  const products = own.gram.filter(({ kernel }) => kernel !== "mask");
  const isTurned = ({ kernel }: Call): boolean => kernel === "vectorJacobianProduct";
  const weights = products.map((call) => operators.single(call.operands[0] as Matrix, isTurned(call)));
  const bytesOf = ({ rows }: Matrix): number => 4 * even(rows) * columns;
  const made = own.gram.map(resultOf);
  const matrices = [...new Set([...slopes, ...made])];
  const size = matrices.reduce((sum, one) => sum + bytesOf(one), COEFFICIENTS * columns);
  memory.holds(size + weights.reduce((sum, { byteLength }) => sum + byteLength + 64, 0));
  const kept = new Map(memory.keepAll(weights).map((offset, i) => [products[i], offset]));
  const begin = memory.room();
  const places = new Map<Matrix, number>();
  let end = begin + COEFFICIENTS * columns;
  for (const one of matrices) {
    places.set(one, end);
    end += bytesOf(one);
  }
  memory.holds(end - begin);
  memory.singles().fill(0, begin / 4, end / 4);
  const at = (matrix: Matrix): number => places.get(matrix) as number;
  const { product, mask } = memory.kernels;
  const calls = own.gram.map((call) => {
    const { operands, overrides, kernel } = call;
    const isFirst = (operand: Matrix): boolean => operand === own.next;
    const result = at(resultOf(call));
    if (kernel === "mask") {
      const [operand, D] = operands as [Matrix, Matrix];
      const plain = operators.fault === "vjp-missing-mask";
      return (q: number, width: number): void => {
        const from = isFirst(operand) ? q : at(operand);
        const bytes = 4 * operand.rows * width;
        if (plain) memory.singles().copyWithin(result / 4, from / 4, (from + bytes) / 4);
        else mask(at(D), from, result, bytes);
      };
    }
    const [weight, operand, D] = operands as [Matrix, Matrix, Matrix];
    const turned = isTurned(call);
    const [rows, inner] = turned ? [weight.columns, weight.rows] : [weight.rows, weight.columns];
    const unmasked = operators.fault === (turned ? "vjp-missing-mask" : "jvp-missing-mask");
    const slopesAt = overrides["MASKED"] === 1 && !unmasked ? at(D) : 0;
    const a = kept.get(call) as number;
    return (q: number, width: number): void => {
      product(a, isFirst(operand) ? q : at(operand), result, slopesAt, rows, inner, width);
    };
  });
  return {
    ...{ at, image: at(own.image), end, lastBeta: begin, coefficients: begin + 4 * columns },
    run(q, width) {
      for (const call of calls) call(q, width);
    },
  };
}

/** What a call of the product leaves: of one with slopes, only what they were applied to is read. */
function resultOf({ kernel, operands, overrides }: Call): Matrix {
  return (kernel === "mask" ? operands[2] : operands[overrides["MASKED"] === 1 ? 4 : 3]) as Matrix;
}

/** A matrix of so many columns into a panel, the panel's further columns 0. */
function spread(
  memory: PanelMemory,
  at: number,
  values: Float64Array,
  count: number,
  columns: number,
  rows: number,
): void {
  const numbers = memory.singles();
  for (let row = 0; row < rows; row++) {
    const into = at / 4 + row * columns;
    numbers.set(values.subarray(row * count, (row + 1) * count), into);
    numbers.fill(0, into + count, into + columns);
  }
}
