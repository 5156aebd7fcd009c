/**
 * The iteration for ‖J_t‖ in f32: Lanczos on panels of samples, each sample stopping on its own (krylov.ts). It is a search: what it finds, û,
 * is an exact vector whatever made it, and its pullback and norms are made in f64 afterwards (iteration.ts). A sample that f32 has no room
 * for is left to f64.
 *
 * Samples stand in panels of 16, which go through their steps one after the other. Those that have stopped leave, and the others move together
 * into fewer panels; a sample's own arithmetic does not change thereby.
 */
import type { StoredSearch } from "../engine.ts";
import {
  EARLY_CHECKPOINTS,
  EARLY_SAFETY,
  isEarlyCheckpoint,
  MINIMUM_STEPS,
  outOfDimensions,
  SAFETY,
  STEP_LIMIT,
} from "../krylov.ts";
import { NO_POOL } from "../memory.ts";
import type { Iteration } from "../program/iteration.ts";
import type { Call, Matrix } from "../program/stage.ts";
import type { Frame } from "./frame.ts";
import type { PanelCall, PanelMemory } from "./panel-kernels.ts";
import { CALL_WORDS, callWords, COPY, LANES, MASK, panelBytes, PRODUCT, SETTLE_BYTES } from "./panel-kernels.ts";
import { threadPanels } from "./panel-memory.ts";

/** α of a sample that stays within f32: squares of what matters beside it neither overflow nor underflow. */
const [LEAST, MOST] = [2 ** -40, 2 ** 40];

/** Bytes of weights beside which a panel's vectors stay in the innermost cache. */
const NEAR_BYTES = 2 ** 14;

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

/** From the vectors in `next`, of length 1. @param slopes D_1 … D_{t−1}. @param take where the memory of the coefficients comes from. */
export function searchPanels(
  frame: Frame,
  own: Iteration,
  slopes: readonly Matrix[],
  accuracy: number,
  take = NO_POOL.take,
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
  let samples = new Int32Array(count);
  for (let sample = 0; sample < count; sample++) samples[sample] = sample;
  let panels = Math.ceil(count / LANES);

  const { kernels } = memory;
  const layout = layOut(memory, frame, own, slopes, panels);
  const blockBytes = (): number => panels * panelBytes(rows);
  const basis = (j: number): number => layout.end + j * blockBytes();
  memory.holds(layout.end - memory.room() + blockBytes());
  memory.fill(basis(0), start, count, rows);
  for (const D of slopes) memory.fill(layout.at(D), frame.of(D), count, D.rows);

  const cap = fault === "iteration-one-step" ? 1 : fault === "iteration-loose" ? 4 : 0;
  const twice = 2 * (fault === "iteration-stop-loose" ? 1e4 * accuracy : accuracy);
  for (let step = 0; samples.length > 0;) {
    const from = step++;
    while (!isEarlyCheckpoint(step, rows)) step++;
    memory.holds(basis(step + 1) - memory.room());
    const together = layout.isNear ? 1 : panels;
    // prettier-ignore
    kernels.steps(
      layout.calls, layout.count, layout.image, panels, together, from, step, basis(0), layout.coefficients, rows,
    );
    ask(step);
  }
  return { vector, steps: taken, left: Int32Array.from(left), search: (sample) => found.of(sample, taken) };

  /** Takes those that have ended after so many steps out of the panel. */
  function ask(steps: number): void {
    const columns = LANES * panels;
    const takenAt = basis(steps + 1);
    const weightsAt = takenAt + 4 * columns;
    const vectorAt = weightsAt + 4 * steps * columns;
    const listAt = vectorAt + blockBytes();
    memory.holds(listAt + 8 * columns + SETTLE_BYTES - memory.room());
    const isLast = outOfDimensions(steps, rows) ? 1 : 0;
    const noise = 64 * UNIT_ROUNDOFF;
    const isEarly = steps < MINIMUM_STEPS;
    const [share, scratch] = [isEarly && !EARLY_CHECKPOINTS.includes(steps) ? 0 : twice, vectorAt];
    const safety = isEarly ? EARLY_SAFETY : SAFETY;
    // prettier-ignore
    kernels.settle(
      layout.coefficients, columns, steps, cap, isLast, noise, share, safety, LEAST, MOST, takenAt, weightsAt, scratch,
    );
    const words = memory.words();
    const from = takenAt / 4;
    let kept = 0;
    for (let i = 0; i < samples.length; i++) if (words[from + i] === 0) kept++;
    if (kept === samples.length) return;
    const coefficients = new Float32Array(take(8 * steps * columns));
    const coefficientsAt = layout.coefficients / 4;
    coefficients.set(memory.singles().subarray(coefficientsAt, coefficientsAt + coefficients.length));
    found.add(coefficients, columns);
    if (fault === "iteration-vector-flat" || fault === "iteration-vector-first") spoil(steps, weightsAt, takenAt);
    kernels.combine(layout.end, weightsAt, vectorAt, rows, panels, steps);
    const done = leave(from, listAt / 4);
    memory.take(vectorAt, rows, listAt, done, vector, count);
    narrow(kept, takenAt, steps);
  }

  /** Notes the steps of those that have ended, and lists where û is and where it goes. @param from where the steps are, @param list in words. */
  function leave(from: number, list: number): number {
    const words = memory.words();
    let done = 0;
    for (let i = 0; i < samples.length; i++) {
      const steps = words[from + i] as number;
      if (steps === 0) continue;
      const sample = samples[i] as number;
      taken[sample] = Math.abs(steps);
      found.place(sample, i);
      if (steps < 0) {
        left.push(sample);
        continue;
      }
      words[list + 2 * done] = i;
      words[list + 2 * done++ + 1] = sample;
    }
    return done;
  }

  /** What the planted fault makes of the coefficients of û. */
  function spoil(steps: number, weightsAt: number, takenAt: number): void {
    const [words, numbers] = [memory.words(), memory.singles()];
    for (let i = 0; i < samples.length; i++) {
      const own = words[takenAt / 4 + i] as number;
      for (let j = 0; j < own; j++)
        numbers[weightsAt / 4 + j * LANES * panels + i] =
          fault === "iteration-vector-flat" ? 1 / Math.sqrt(own) : j === 0 ? 1 : 0;
    }
  }

  /** Panels of those columns alone that go on, after so many steps. */
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
    const width = Math.ceil(kept / LANES);
    const pick = (at: number, blocks: number, size: number): void => {
      kernels.pick(at, at, blocks, size, panels, width, takenAt, kept);
    };
    for (const D of slopes) pick(layout.at(D), 1, panelBytes(D.rows));
    pick(layout.coefficients, 2 * steps, 4 * LANES);
    pick(layout.end, steps + 1, panelBytes(rows));
    panels = width;
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

/** Bytes of a panel of the coefficients. */
const COEFFICIENTS = 8 * STEP_LIMIT * LANES;

interface Layout {
  readonly at: (matrix: Matrix) => number;
  /** Of A q, and of what is behind everything: q_1 is there. */
  readonly image: number;
  readonly end: number;
  /** Of (α, β) of all steps. */
  readonly coefficients: number;
  /** What makes A q. */
  readonly calls: number;
  readonly count: number;
  /** Whether the weights leave the innermost cache room for a panel's vectors. */
  readonly isNear: boolean;
}

/** Where everything stands in the memory that one iteration needs but its basis, and its product A q as calls of kernels. */
function layOut(memory: PanelMemory, frame: Frame, own: Iteration, slopes: readonly Matrix[], panels: number): Layout {
  const { operators } = frame;
  const products = own.gram.filter(({ kernel }) => kernel !== "mask");
  const isTurned = ({ kernel }: Call): boolean => kernel === "vectorJacobianProduct";
  const weights = products.map((call) => operators.single(call.operands[0] as Matrix, isTurned(call)));
  const matrices = [...new Set([...slopes, ...own.gram.map(resultOf)])];
  const weightBytes = weights.reduce((sum, { byteLength }) => sum + byteLength + 64, 0);
  const callBytes = 64 * Math.ceil((4 * CALL_WORDS * own.gram.length) / 64);
  const size = matrices.reduce((sum, { rows }) => sum + panelBytes(rows), COEFFICIENTS) * panels + callBytes;
  memory.holds(size + weightBytes);
  const kept = new Map(memory.keepAll(weights).map((offset, i) => [products[i], offset]));
  const begin = memory.room();
  const places = new Map<Matrix, number>();
  let end = begin + COEFFICIENTS * panels + callBytes;
  for (const one of matrices) {
    places.set(one, end);
    end += panelBytes(one.rows) * panels;
  }
  memory.holds(end - begin);
  const at = (matrix: Matrix): number => places.get(matrix) as number;
  const isFirst = (operand: Matrix): boolean => operand === own.next;
  const calls = own.gram.map((call): PanelCall => {
    const { operands, overrides, kernel } = call;
    const y = at(resultOf(call));
    if (kernel === "mask") {
      const [operand, D] = operands as [Matrix, Matrix];
      const kind = operators.fault === "vjp-missing-mask" ? COPY : MASK;
      const { rows } = operand;
      return { kind, a: 0, x: isFirst(operand) ? 0 : at(operand), y, slopes: at(D), rows, inner: rows };
    }
    const [weight, operand, D] = operands as [Matrix, Matrix, Matrix];
    const turned = isTurned(call);
    const [rows, inner] = turned ? [weight.columns, weight.rows] : [weight.rows, weight.columns];
    const unmasked = operators.fault === (turned ? "vjp-missing-mask" : "jvp-missing-mask");
    const D_at = overrides["MASKED"] === 1 && !unmasked ? at(D) : 0;
    const x = isFirst(operand) ? 0 : at(operand);
    return { kind: PRODUCT, a: kept.get(call) as number, x, y, slopes: D_at, rows, inner };
  });
  const callsAt = begin + COEFFICIENTS * panels;
  calls.forEach((call, i) => memory.words().set(callWords(call), callsAt / 4 + CALL_WORDS * i));
  return {
    ...{ at, image: at(own.image), end, coefficients: begin },
    ...{ calls: callsAt, count: calls.length, isNear: weightBytes <= NEAR_BYTES },
  };
}

/** What a call of the product leaves: of one with slopes, only what they were applied to is read. */
function resultOf({ kernel, operands, overrides }: Call): Matrix {
  return (kernel === "mask" ? operands[2] : operands[overrides["MASKED"] === 1 ? 4 : 3]) as Matrix;
}
