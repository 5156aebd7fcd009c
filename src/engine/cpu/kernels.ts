/**
 * The kernels of the batch program in f64 on the host. Pure + − × ÷ √ in a fixed order: the same bits on every machine, and each column's
 * whatever stands beside it.
 */
import { evaluateHead, pickedOutput } from "../../network/heads.ts";
import type { Layer } from "../../network/network.ts";
import { DIRECTION_BLOCK, directionBlock, directionVector } from "../../sampling/philox.ts";
import { exponentOf, timesPowerOfTwo } from "../powers.ts";
import type { Call, CallName, Matrix } from "../program/stage.ts";
import {
  activate,
  addScaledColumns,
  addToRows,
  columnBlock,
  columnDot,
  columnNorm,
  maskedGroups,
  spread,
  unitColumns,
} from "./columns.ts";
import type { Frame } from "./frame.ts";
import { product } from "./product.ts";

/** As many as a kernel has. */
type Operands = readonly [Matrix, Matrix, Matrix, Matrix, Matrix, Matrix, Matrix];

type HostKernel = (frame: Frame, operands: Operands, call: Call) => void;

/** Runs the calls in their order. */
export function runCalls(frame: Frame, calls: readonly Call[]): void {
  for (const call of calls) HOST_KERNELS[call.kernel](frame, call.operands as unknown as Operands, call);
}

const HOST_KERNELS: Readonly<Record<CallName, HostKernel>> = {
  /** h_{t+1} = g_t(W_t h_t + b_t) and D_t, with the unscaled weights. */
  forward(frame, [weight, bias, , hidden, preactivation, next, slopes]) {
    const { rows, columns: inner, layer } = weight;
    const x = frame.of(hidden);
    const columns = x.length / inner;
    const z = frame.make(preactivation, rows * columns);
    product(frame.of(weight), rows, inner, x, columns, z);
    addToRows(z, frame.of(bias));
    const { activation } = frame.operators.plan.network.layers[layer - 1] as Layer;
    const at = frame.made(preactivation);
    activate(activation, at, columns, frame.make(next, z.length), frame.make(slopes, z.length));
    frame.made(next);
    frame.made(slopes);
  },

  /** f and its gradient by the head, the gradient scaled by 2^−e so that its largest entry lies in [1, 2). */
  head(frame, [output, , , slopes, values, gradient, adjoint]) {
    const { plan } = frame.operators;
    const x = frame.of(output);
    const columns = x.length / output.rows;
    const numbers = frame.make(values, 2 * columns);
    const top = frame.make(gradient, x.length).fill(0);
    const own = new Float64Array(output.rows);
    for (let j = 0; j < columns; j++) {
      for (let i = 0; i < output.rows; i++) own[i] = x[i * columns + j] as number;
      const label = frame.labels?.[j] ?? -1;
      const picked = pickedOutput(plan.head, own, label);
      numbers[2 * j + 1] = 0;
      if (picked !== null) {
        numbers[2 * j] = own[picked] as number;
        top[picked * columns + j] = 1;
        continue;
      }
      const result = evaluateHead(plan.head, own, label, frame.first + j);
      let largest = 0;
      for (const v of result.gradient) largest = Math.max(largest, Math.abs(v));
      const e = largest > 0 && largest < Infinity ? exponentOf(largest) : 0;
      [numbers[2 * j], numbers[2 * j + 1]] = [result.value, e];
      result.gradient.forEach((v, i) => (top[i * columns + j] = timesPowerOfTwo(v, -e)));
    }
    const stored = frame.made(gradient);
    maskedGroups(frame.of(slopes), stored, output.rows, frame.make(adjoint, stored.length));
    frame.made(adjoint);
  },

  vectorJacobianProduct(frame, [weight, operand, slopes, result, below], { overrides: { MASKED, FACTOR = 1 } }) {
    const { operators } = frame;
    const y = frame.of(operand);
    const columns = y.length / weight.rows;
    const x = operators.applyTransposed(weight.layer, y, columns, frame.make(result, weight.columns * columns));
    if (FACTOR !== 1) x.forEach((v, at) => (x[at] = v * FACTOR));
    const stored = frame.made(result);
    if (MASKED !== 1) return;
    operators.maskBackward(frame.of(slopes), stored, weight.columns, frame.make(below, stored.length));
    frame.made(below);
  },

  jacobianVectorProduct(frame, [weight, operand, slopes, result, above], { overrides: { MASKED } }) {
    const { operators } = frame;
    const x = frame.of(operand);
    const columns = x.length / weight.columns;
    const y = frame.make(result, weight.rows * columns);
    if (weight.kind === "first-gram") operators.applyFirstGram(x, columns, y);
    else operators.apply(weight.layer, x, columns, y);
    if (MASKED === 1) operators.maskForward(frame.of(slopes), y, weight.rows, frame.make(above, y.length));
  },

  mask(frame, [operand, slopes, result]) {
    const x = frame.of(operand);
    frame.operators.maskBackward(frame.of(slopes), x, result.rows, frame.make(result, x.length));
  },

  /** x/‖x‖ beside what else stands in the result; or the normalised sum of x/‖x‖ and ±y/‖y‖. */
  normalise(frame, [operand, result], { overrides: { SECOND }, sizes }) {
    const { rows } = operand;
    const samples = sizes["columns"] as number;
    const x = frame.of(operand);
    const whole = x.length === rows * samples;
    const norms = columnNorm(x, samples, whole ? undefined : { rows, from: 0 });
    if (SECOND !== 1) {
      unitColumns(whole ? x : columnBlock(x, rows, 0, samples), norms, frame.make(result, rows * result.columns));
      return;
    }
    const unit = (from: number): Float64Array => {
      const own = columnBlock(x, rows, from, samples);
      return unitColumns(own, columnNorm(own, samples));
    };
    const [first, second] = [unit(0), unit(samples)];
    addScaledColumns(first, sides(first, second, samples), second);
    frame.set(result, unitColumns(first, columnNorm(first, samples)));
  },

  philoxUniform(frame, [result], { sizes }) {
    const { rows, columns } = result;
    const whole = frame.of(result);
    const from = sizes["shift"] as number;
    const lowest = directionBlock(frame.first);
    // One more than the samples fall into: the planted fault that shifts the direction takes it.
    const last = from + directionBlock(frame.first + from - 1) - lowest + 1;
    for (let j = from; j < Math.min(columns, last + 1); j++) {
      const own = directionVector(frame.operators.plan.seed, (lowest + j - from) * DIRECTION_BLOCK, rows);
      for (let i = 0; i < rows; i++) whole[i * columns + j] = own[i] as number;
    }
  },

  spread(frame, [operand, slopes, result, above], { overrides: { MASKED }, sizes }) {
    const { operators, first } = frame;
    const { rows } = operand;
    const samples = sizes["columns"] as number;
    // The planted fault takes ζ_1 of the next block, and τ_1 of its own: along one direction throughout any direction would do.
    const next = operators.fault === "random-direction-shifted" && result.kind === "pushed" ? 1 : 0;
    const lowest = directionBlock(first);
    const block = new Int32Array(samples);
    for (let j = 0; j < samples; j++) block[j] = samples + directionBlock(first + j) - lowest + next;
    const both = frame.make(result, rows * 2 * samples);
    spread(frame.of(operand), rows, block, both);
    if (MASKED === 1) operators.maskForward(frame.of(slopes), both, rows, frame.make(above, both.length));
  },

  /** All of one sample. */
  unitVectors(frame, [result], { sizes }) {
    const rows = sizes["rows"] as number;
    const units = new Float64Array(rows * rows);
    for (let i = 0; i < rows; i++) units[i * rows + i] = 1;
    frame.set(result, units);
  },
};

/** ±1 by the sign of x·y in each column: x ± y does not cancel where the two are parallel, as the images of a rank-one J_t are. */
function sides(x: Float64Array, y: Float64Array, columns: number): Float64Array {
  return columnDot(x, y, columns).map((dot) => (dot < 0 ? -1 : 1));
}
