/**
 * One block of samples through engine cpu: forward, head, backward, the two tangents of the cut test, the Jacobian norms.
 * Pure f64 of + − × ÷ √ in a fixed order: the same bits on every machine.
 */
import { ACTIVATIONS } from "../../network/activations.ts";
import { evaluateHead } from "../../network/heads.ts";
import { kinksOf } from "../../network/kinks.ts";
import type { Batch, Measurements, StoredSample, TracedSample } from "../engine.ts";
import { IEEE_F64 } from "../engine.ts";
import type { Plan } from "../plan.ts";
import { exponentOf, timesPowerOfTwo } from "../powers.ts";
import {
  addScaledColumns,
  column,
  columnDistance,
  columnDot,
  columnMax,
  columnNorm,
  fromColumns,
  masked,
  unitColumns,
} from "./columns.ts";
import { explicitJacobian } from "./explicit.ts";
import type { Operators } from "./operators.ts";
import { product } from "./product.ts";
import type { TangentBlock } from "./tangents.ts";
import { cutTangents } from "./tangents.ts";
import { withMeasurementFault } from "../faults.ts";
import type { WitnessBlock } from "./witness.ts";
import { findWitness } from "./witness.ts";

/** Everything stored of a block: matrices with samples contiguous. */
export interface StoredBlock {
  readonly samples: number;
  readonly value: Float64Array;
  readonly topExponent: Int32Array;
  readonly topGradient: Float64Array;
  readonly hidden: readonly Float64Array[];
  readonly preactivation: readonly Float64Array[];
  readonly slopes: readonly Float64Array[];
  readonly adjoints: readonly Float64Array[];
  readonly inputGradient: Float64Array;
  readonly pullbacks: readonly Float64Array[];
  readonly directions: readonly TangentBlock[];
  readonly witnesses: readonly (WitnessBlock | null)[];
}

export function measureBlock(
  plan: Plan,
  operators: Operators,
  batch: Batch,
): { measurements: Measurements; stored: StoredBlock } {
  const columns = batch.samples;
  const depth = operators.depth;
  const { tamper } = operators;
  const forward = forwardPass(plan, operators, batch);
  const head = headPass(plan, operators, forward.hidden[depth] as Float64Array, batch);

  const adjoints: Float64Array[] = [];
  const pullbacks: Float64Array[] = [];
  let adjoint = masked(forward.slopes[depth - 1] as Float64Array, head.topGradient);
  for (let t = depth; t >= 1; t--) {
    adjoints.unshift(adjoint);
    const back = tamper("pullback", t, operators.applyTransposed(t, adjoint, columns), columns);
    pullbacks.unshift(back);
    if (t > 1) {
      const masked = operators.maskBackward(forward.slopes[t - 2] as Float64Array, back);
      adjoint = tamper("adjoint", t - 1, masked, columns);
    }
  }
  const inputGradient = pullbacks[0] as Float64Array;

  const pullbackNorm = pullbacks.map((p) => columnNorm(p, columns));
  const cut = { slopes: forward.slopes, adjoints, inputGradient, gradientNorm: pullbackNorm[0] as Float64Array };
  const [along, random] = cutTangents(plan, operators, batch, cut);

  const adjointNorm = adjoints.map((a) => columnNorm(a, columns));
  const measured = {
    hiddenNorm: forward.hidden.slice(0, depth).map((h) => columnNorm(h, columns)),
    slopeMax: forward.slopes.map((d) => columnMax(d, columns)),
    kinkDistance: plan.network.layers.map(({ activation }, i) =>
      columnDistance(forward.preactivation[i] as Float64Array, kinksOf(activation), columns),
    ),
  };
  const witnesses = jacobianWitnesses(plan, operators, forward.slopes, along.tangents, random.tangents, columns);
  const explicit = plan.layers.map((_, i) =>
    plan.norm === "frobenius" && i > 0 ? explicitJacobian(operators, forward.slopes, i + 1, columns, false) : null,
  );
  const everything = [
    ...forward.hidden,
    ...forward.preactivation,
    ...forward.slopes,
    ...adjoints,
    ...pullbacks,
    head.topGradient,
  ];
  const measurements: Measurements = {
    samples: columns,
    arithmetic: IEEE_F64,
    finite: finiteColumns([...everything, ...along.tangents, ...random.tangents], head.value, columns),
    value: head.value,
    topExponent: head.topExponent,
    ...measured,
    adjointNorm,
    pullbackNorm,
    directions: [along.measurement, random.measurement],
    witnesses: witnesses.map((w) => w?.measurement ?? null),
    explicit,
  };
  const directions = [along, random];
  const stored = { samples: columns, ...head, ...forward, adjoints, inputGradient, pullbacks, directions, witnesses };
  return { measurements: withMeasurementFault(measurements, operators.fault), stored };
}

/** h_{t+1} = g_t(W_t h_t + b_t) and D_t, with the unscaled weights. */
function forwardPass(
  plan: Plan,
  { tamper }: Operators,
  batch: Batch,
): Pick<StoredBlock, "hidden" | "preactivation" | "slopes"> {
  const columns = batch.samples;
  const width = batch.inputs.length / columns;
  const input = new Float64Array(batch.inputs.length);
  for (let j = 0; j < columns; j++) {
    for (let i = 0; i < width; i++) input[i * columns + j] = batch.inputs[j * width + i] as number;
  }
  const hidden = [tamper("input", 1, input, columns)];
  const preactivation: Float64Array[] = [];
  const slopes: Float64Array[] = [];
  for (const [index, layer] of plan.network.layers.entries()) {
    const t = index + 1;
    const z = new Float64Array(layer.outputs * columns);
    product(layer.weight, layer.outputs, layer.inputs, hidden[hidden.length - 1] as Float64Array, columns, z);
    for (let i = 0, o = 0; i < layer.outputs; i++) {
      const b = layer.bias[i] as number;
      for (let j = 0; j < columns; j++, o++) z[o] = (z[o] as number) + b;
    }
    const { value, slope } = ACTIVATIONS[layer.activation];
    const stored = tamper("preactivation", t, z, columns);
    preactivation.push(stored);
    hidden.push(tamper("hidden", t + 1, stored.map(value), columns));
    slopes.push(tamper("slopes", t, stored.map(slope), columns));
  }
  return { hidden, preactivation, slopes };
}

/** f and its gradient by the head, the gradient scaled by 2^−e so that its largest entry lies in [1, 2). */
function headPass(
  plan: Plan,
  { tamper }: Operators,
  output: Float64Array,
  batch: Batch,
): Pick<StoredBlock, "value" | "topExponent" | "topGradient"> {
  const columns = batch.samples;
  const value = new Float64Array(columns);
  const topExponent = new Int32Array(columns);
  const gradients: Float64Array[] = [];
  for (let j = 0; j < columns; j++) {
    const label = batch.labels?.[j] ?? -1;
    const result = evaluateHead(plan.head, column(output, columns, j), label, batch.first + j);
    let largest = 0;
    for (const v of result.gradient) largest = Math.max(largest, Math.abs(v));
    const e = largest > 0 && largest < Infinity ? exponentOf(largest) : 0;
    value[j] = result.value;
    topExponent[j] = e;
    gradients.push(result.gradient.map((v) => timesPowerOfTwo(v, -e)));
  }
  return {
    value,
    topExponent,
    topGradient: tamper("topGradient", plan.layers.length, fromColumns(gradients), columns),
  };
}

/** Witnesses of layers 2 … l, started from the two tangents that the cut test made: J_tv₀ and J_tv, both normalised. */
function jacobianWitnesses(
  plan: Plan,
  operators: Operators,
  slopes: readonly Float64Array[],
  along: readonly Float64Array[],
  random: readonly Float64Array[],
  columns: number,
): (WitnessBlock | null)[] {
  return plan.layers.map((_, i) => {
    if (i === 0 || plan.accuracy === "verdict") return null;
    const first = along[i] as Float64Array;
    const second = random[i] as Float64Array;
    const start = unitColumns(first, columnNorm(first, columns));
    const other = unitColumns(second, columnNorm(second, columns));
    addScaledColumns(start, sides(start, other, columns), other);
    return findWitness(operators, slopes, i + 1, start, plan.accuracy, columns);
  });
}

/** ±1 by the sign of x·y in each column: x ± y does not cancel where the two are parallel, as the images of a rank-one J_t are. */
function sides(x: Float64Array, y: Float64Array, columns: number): Float64Array {
  return columnDot(x, y, columns).map((dot) => (dot < 0 ? -1 : 1));
}

function finiteColumns(matrices: readonly Float64Array[], value: Float64Array, columns: number): Uint8Array {
  const finite = Uint8Array.from(value, (v) => (Number.isFinite(v) ? 1 : 0));
  for (const matrix of matrices) {
    for (let row = 0; row < matrix.length; row += columns) {
      for (let j = 0; j < columns; j++) if (!Number.isFinite(matrix[row + j])) finite[j] = 0;
    }
  }
  return finite;
}

/** One sample of a stored block with all that the audit reads. */
export function tracedSample(block: StoredBlock, sample: number): TracedSample {
  const own = (x: Float64Array): Float64Array => column(x, block.samples, sample);
  const direction = (d: TangentBlock): TracedSample["directions"][number] => ({
    tangents: d.tangents.map(own),
    pushed: d.pushed.map(own),
  });
  return {
    ...storedSample(block, sample),
    pullbacks: block.pullbacks.map(own),
    directions: [direction(block.directions[0] as TangentBlock), direction(block.directions[1] as TangentBlock)],
    witnesses: block.witnesses.map((w) =>
      w === null ? null : { vector: own(w.vector), stages: w.stages.map(own), result: own(w.result) },
    ),
  };
}

/** One sample of a stored block. */
export function storedSample(block: StoredBlock, sample: number): StoredSample {
  const own = (x: Float64Array): Float64Array => column(x, block.samples, sample);
  return {
    value: block.value[sample] as number,
    topExponent: block.topExponent[sample] as number,
    topGradient: own(block.topGradient),
    hidden: block.hidden.map(own),
    preactivation: block.preactivation.map(own),
    slopes: block.slopes.map(own),
    adjoints: block.adjoints.map(own),
    inputGradient: own(block.inputGradient),
  };
}
