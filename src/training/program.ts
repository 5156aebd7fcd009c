/**
 * The engine's own forward, head and backward stages (engine/program/base.ts) on weights that change from step to step, in f64: the one
 * place of this room that knows what engine cpu is made of. No norm is proven here and nothing is scaled but the top gradient; that one
 * comes back at its true size.
 *
 * Matrices are n × B, samples contiguous, except where a name says rows.
 */
import { columnDot, maskedGroups, scaledColumns } from "../engine/cpu/columns.ts";
import { Frame } from "../engine/cpu/frame.ts";
import { runCalls } from "../engine/cpu/kernels.ts";
import type { Operators } from "../engine/cpu/operators.ts";
import { product } from "../engine/cpu/product.ts";
import { transpose } from "../engine/dense/gram.ts";
import { UNROUNDED } from "../engine/f32.ts";
import type { Plan, PlannedLayer } from "../engine/plan.ts";
import { timesPowerOfTwo } from "../engine/powers.ts";
import type { BasePass } from "../engine/program/base.ts";
import { basePass } from "../engine/program/base.ts";
import { programNetwork } from "../engine/program/network.ts";
import type { Call, Matrix } from "../engine/program/stage.ts";
import type { Head } from "../network/heads.ts";
import type { Layer, Network } from "../network/network.ts";

export { columnDot, maskedGroups, product, scaledColumns, transpose };

/** B samples: inputs as rows, B × n_1, and labels where the head needs some. */
export interface Samples {
  readonly count: number;
  readonly rows: Float64Array;
  readonly labels: Int32Array | null;
}

/** What the stages stored of B samples. Index t − 1. */
export interface Pass {
  readonly network: Network;
  readonly head: Head;
  readonly samples: Samples;
  /** f of each sample. */
  readonly values: Float64Array;
  /** h_1 … h_{l+1}. */
  readonly hidden: readonly Float64Array[];
  readonly preactivation: readonly Float64Array[];
  readonly slopes: readonly Float64Array[];
  /** δ_t. */
  readonly adjoints: readonly Float64Array[];
  /** ∂f/∂h_t, t = 2 … l + 1; of t = 1 ∇ₓf, where it was asked for. */
  readonly pullback: (t: number) => Float64Array;
  /** W_t x and W_tᵀ y as the stages compute them. */
  readonly apply: Operators["apply"];
  readonly applyTransposed: Operators["applyTransposed"];
}

/** The stages for so many samples of a network of this shape; only widths and activations of it are used. */
export interface Stages {
  readonly count: number;
  readonly base: BasePass;
  readonly calls: readonly Call[];
  /** The backward pass of layer 1, which only ∇ₓf needs. */
  readonly last: Call;
}

export function stagesFor(network: Network, head: Head, count: number): Stages {
  const own = programNetwork(planOf(network, head), { fault: undefined, bindingBytes: Infinity });
  const base = basePass(own, count);
  const all = base.stages.filter(({ kernel }) => GRADIENT.has(kernel));
  return { count, base, calls: all.slice(0, -1), last: all.at(-1) as Call };
}

const GRADIENT: ReadonlySet<string> = new Set(["forward", "head", "vectorJacobianProduct"]);

/**
 * @param inputGradient whether ∇ₓf is wanted too: a product as large as the first layer's.
 * @param columns memory for the inputs as columns, n_1 × B, which the pass holds on to; its own where left out.
 */
export function runStages(
  { base, calls, last, count }: Stages,
  network: Network,
  head: Head,
  samples: Samples,
  inputGradient: boolean,
  columns = new Float64Array(samples.rows.length),
): Pass {
  const operators = operatorsOf(planOf(network, head));
  const frame = new Frame(operators, 0, samples.labels);
  transposeInto(columns, samples.rows, count);
  frame.set(base.inputs, columns);
  runCalls(frame, inputGradient ? [...calls, last] : calls);
  const heads = frame.of(base.values);
  const factors = Float64Array.from({ length: count }, (_, j) => timesPowerOfTwo(1, heads[2 * j + 1] as number));
  const { vectors } = base;
  const held = ({ of }: { readonly of: Matrix }): Float64Array => frame.of(of);
  const sized = (place: { readonly of: Matrix }): Float64Array => scaledColumns(held(place), factors);
  return {
    ...{ network, head, samples },
    values: Float64Array.from({ length: count }, (_, j) => heads[2 * j] as number),
    hidden: vectors.hidden.map(held),
    preactivation: vectors.preactivation.map(held),
    slopes: vectors.slopes.map(held),
    adjoints: vectors.adjoints.map(sized),
    pullback: (t) => sized(vectors.pullbacks[t - 1] ?? vectors.topGradient),
    apply: operators.apply,
    applyTransposed: operators.applyTransposed,
  };
}

/** Rows of samples → columns, by tiles that a cache holds. */
function transposeInto(columns: Float64Array, rows: Float64Array, count: number): void {
  const width = rows.length / count;
  const TILE = 16;
  for (let i0 = 0; i0 < width; i0 += TILE) {
    const end = Math.min(width, i0 + TILE);
    for (let j = 0; j < count; j++) {
      for (let i = i0; i < end; i++) columns[i * count + j] = rows[j * width + i] as number;
    }
  }
}

/** A plan of which nothing is proven: what the stages read of one. */
function planOf(network: Network, head: Head): Plan {
  return {
    ...{
      network,
      head,
      precision: "f64",
      norm: "spectral",
      accuracy: "verdict",
      method: "lanczos",
      errors: false,
      seed: 0,
    },
    ...{ headSize: 0, firstGram: null, rounding: UNROUNDED },
    layers: network.layers.map(unproven),
  };
}

const OPEN = { lower: 0, upper: Infinity } as const;

function unproven({ weight }: Layer): PlannedLayer {
  return {
    ...{ scaleExponent: 0, scaledWeight: weight, biasMax: Infinity },
    ...{ spectralNorm: OPEN, frobeniusNorm: OPEN, absoluteNorm: Infinity },
    proof: { spectral: OPEN, vector: new Float64Array(0) },
  };
}

/** As makeOperators (engine/cpu/operators.ts), without a fault, each transpose made when it is first used. */
function operatorsOf(plan: Plan): Operators {
  const { layers } = plan.network;
  const at = (t: number): Layer => layers[t - 1] as Layer;
  const transposes = new Map<number, Float64Array>();
  const transposed = (t: number): Float64Array => {
    const known = transposes.get(t);
    if (known !== undefined) return known;
    const made = transpose(at(t).weight, at(t).outputs, at(t).inputs);
    transposes.set(t, made);
    return made;
  };
  const unused = (): never => {
    throw new RangeError("the stages of a gradient make no program and no Gram matrix");
  };
  return {
    ...{ plan, program: unused, whole: unused, applyFirstGram: unused, single: unused },
    apply: (t, x, columns, y = new Float64Array(at(t).outputs * columns)) => {
      product(at(t).weight, at(t).outputs, at(t).inputs, x, columns, y);
      return y;
    },
    applyTransposed: (t, y, columns, x = new Float64Array(at(t).inputs * columns)) => {
      product(transposed(t), at(t).inputs, at(t).outputs, y, columns, x);
      return x;
    },
    ...{ maskForward: maskedGroups, maskBackward: maskedGroups },
    tamper: (_kind, _layer, values) => values,
    fault: undefined,
  };
}
