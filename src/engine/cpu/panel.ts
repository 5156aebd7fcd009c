/**
 * The iteration for ‖J_t‖ in f32: Lanczos on panels of samples, each sample stopping on its own (krylov.ts). It is a search: what it finds, û,
 * is an exact vector whatever made it, and its pullback and norms are made in f64 afterwards (iteration.ts). A sample that f32 has no room
 * for is left to f64.
 *
 * Samples that have stopped leave, and the panel grows narrower by 16 columns at a time; a sample's own arithmetic does not change thereby.
 */
import type { StoredSearch } from "../engine.ts";
import { isCheckpoint, MINIMUM_STEPS, outOfDimensions, SAFETY, STEP_LIMIT } from "../krylov.ts";
import type { Iteration } from "../program/iteration.ts";
import type { Call, Matrix } from "../program/stage.ts";
import type { Frame } from "./frame.ts";
import type { PanelMemory } from "./panel-kernels.ts";
import { even, SETTLE_BYTES } from "./panel-kernels.ts";
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
  const { fault } = frame.operators;
  const start = frame.of(own.next);
  const count = start.length / rows;
  const taken = new Int32Array(count);
  const found = new Searches(count);
  const vector = frame.make(own.vector, rows * count).fill(0);
  const left: number[] = [];
  const chosen = new Int32Array(count);
  let samples = Int32Array.from(taken, (_, sample) => sample);
  let columns = LANES * Math.ceil(count / LANES);

  const { kernels } = memory;
  const layout = layOut(memory, frame, own, slopes, columns);
  const blockBytes = (): number => 4 * rows * columns;
  const basis = (j: number): number => layout.end + j * blockBytes();
  /** Of (α, β) of a step, B numbers each. */
  const made = (step: number): number => layout.coefficients + 8 * step * columns;
  memory.holds(layout.end - memory.room() + 2 * blockBytes());
  spread(memory, basis(0), start, count, columns, rows);
  for (const D of slopes) spread(memory, layout.at(D), frame.of(D), count, columns, D.rows);

  const cap = fault === "iteration-one-step" ? 1 : fault === "iteration-loose" ? 4 : 0;
  const twice = 2 * (fault === "iteration-stop-loose" ? 1e4 * accuracy : accuracy);
  for (let step = 0; samples.length > 0; step++) {
    memory.holds(layout.end - memory.room() + (step + 2) * blockBytes());
    layout.run(basis(step), columns);
    const before = Math.max(0, step - 1);
    const lastBeta = made(before) + 4 * columns;
    kernels.step(basis(step), layout.image, basis(before), basis(step + 1), lastBeta, made(step), rows, columns);
    if (isCheckpoint(step + 1, rows)) ask(step + 1);
  }
  return { vector, steps: taken, left: Int32Array.from(left), search: (sample) => found.of(sample, taken) };

  /** Takes those that have ended after so many steps out of the panel. */
  function ask(steps: number): void {
    const takenAt = basis(steps + 1);
    const weightsAt = takenAt + 4 * columns;
    const vectorAt = weightsAt + 4 * steps * columns;
    memory.holds(vectorAt + blockBytes() + SETTLE_BYTES - memory.room());
    const isLast = outOfDimensions(steps, rows) ? 1 : 0;
    const noise = 64 * UNIT_ROUNDOFF;
    const [share, scratch] = [steps < MINIMUM_STEPS ? 0 : twice, vectorAt];
    // prettier-ignore
    kernels.settle(
      layout.coefficients, columns, steps, cap, isLast, noise, share, SAFETY, LEAST, MOST, takenAt, weightsAt, scratch,
    );
    const words = memory.words();
    const from = takenAt / 4;
    let kept = 0;
    for (let i = 0; i < samples.length; i++) if (words[from + i] === 0) kept++;
    if (kept === samples.length) return;
    found.add(memory.singles().slice(layout.coefficients / 4, made(steps) / 4), columns);
    if (fault === "iteration-vector-flat" || fault === "iteration-vector-first") spoil(steps, weightsAt, takenAt);
    kernels.combine(layout.end, weightsAt, vectorAt, rows, columns, steps);
    finish(from, vectorAt / 4);
    narrow(kept, takenAt, steps);
  }

  /** û of the panel's samples that have ended, and their steps. @param from where those are, @param own where û is, in numbers. */
  function finish(from: number, own: number): void {
    const [words, numbers] = [memory.words(), memory.singles()];
    let done = 0;
    for (let i = 0; i < samples.length; i++) {
      const steps = words[from + i] as number;
      if (steps === 0) continue;
      const sample = samples[i] as number;
      taken[sample] = Math.abs(steps);
      found.place(sample, i);
      if (steps < 0) left.push(sample);
      else chosen[done++] = i;
    }
    // Row after row, as the matrices lie.
    for (let row = 0, at = own; row < rows; row++, at += columns) {
      const into = row * count;
      for (let k = 0; k < done; k++) {
        const i = chosen[k] as number;
        vector[into + (samples[i] as number)] = numbers[at + i] as number;
      }
    }
  }

  /** What the planted fault makes of the coefficients of û. */
  function spoil(steps: number, weightsAt: number, takenAt: number): void {
    const [words, numbers] = [memory.words(), memory.singles()];
    for (let i = 0; i < samples.length; i++) {
      const own = words[takenAt / 4 + i] as number;
      for (let j = 0; j < own; j++)
        numbers[weightsAt / 4 + j * columns + i] =
          fault === "iteration-vector-flat" ? 1 / Math.sqrt(own) : j === 0 ? 1 : 0;
    }
  }

  /** The panel of those columns alone that go on, after so many steps. */
  function narrow(kept: number, takenAt: number, steps: number): void {
    const words = memory.words();
    const next = new Int32Array(kept);
    for (let i = 0, k = 0; i < samples.length; i++) {
      if (words[takenAt / 4 + i] !== 0) continue;
      next[k] = samples[i] as number;
      words[takenAt / 4 + k++] = i;
    }
    samples = next;
    if (kept === 0) return;
    const width = LANES * Math.ceil(kept / LANES);
    const pick = (from: number, to: number, height: number): void => {
      kernels.pick(from, to, height, columns, width, takenAt, kept);
    };
    for (const D of slopes) pick(layout.at(D), layout.at(D), D.rows);
    pick(layout.coefficients, layout.coefficients, 2 * steps);
    pick(layout.end, layout.end, (steps + 1) * rows);
    columns = width;
  }
}

/** The coefficients of every sample: the rows of a panel as they stood when it left. */
class Searches {
  private readonly panels: { readonly numbers: Float32Array; readonly columns: number }[] = [];
  private readonly panel: Uint8Array;
  private readonly column: Uint16Array;

  constructor(samples: number) {
    this.panel = new Uint8Array(samples);
    this.column = new Uint16Array(samples);
  }

  add(numbers: Float32Array, columns: number): void {
    this.panels.push({ numbers, columns });
  }

  /** In the panel that was added last. */
  place(sample: number, column: number): void {
    this.panel[sample] = this.panels.length - 1;
    this.column[sample] = column;
  }

  of(sample: number, taken: Int32Array): StoredSearch {
    const { numbers, columns } = this.panels[this.panel[sample] as number] as Searches["panels"][number];
    const row = (j: number, beta: number): number =>
      numbers[(2 * j + beta) * columns + (this.column[sample] as number)] as number;
    const length = taken[sample] as number;
    return {
      alpha: Float64Array.from({ length }, (_, j) => row(j, 0)),
      beta: Float64Array.from({ length }, (_, j) => row(j, 1)),
      unitRoundoff: UNIT_ROUNDOFF,
    };
  }
}

/** Bytes a column of the coefficients. */
const COEFFICIENTS = 8 * STEP_LIMIT;

interface Layout {
  readonly at: (matrix: Matrix) => number;
  /** Of A q, and of what is behind everything: q_1 is there. */
  readonly image: number;
  readonly end: number;
  /** Of (α, β) of all steps. */
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
    ...{ at, image: at(own.image), end, coefficients: begin },
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
    const from = row * count;
    for (let j = 0; j < count; j++) numbers[into + j] = values[from + j] as number;
    for (let j = count; j < columns; j++) numbers[into + j] = 0;
  }
}
