/**
 * The linear maps of a network at stored slopes D, on n × B matrices (samples contiguous), with the scaled weights W′:
 * one step of each kind, and what a planted fault changes in them. Everything in engine/cpu is made of these steps.
 */
import type { FaultName } from "../faults.ts";
import { truncated } from "../faults.ts";
import type { Plan } from "../plan.ts";
import type { BatchProgram } from "../program/program.ts";
import { batchProgram } from "../program/program.ts";
import type { Matrix } from "../program/stage.ts";
import { transpose } from "../dense/gram.ts";
import { maskedGroups } from "./columns.ts";
import type { Tamper } from "./faults.ts";
import { createTamper, shifted } from "./faults.ts";
import { even } from "./panel-kernels.ts";
import { product } from "./product.ts";

/** One layer's matrices as the products read them. */
interface Packed {
  readonly inputs: number;
  readonly outputs: number;
  readonly weight: Float64Array;
  readonly transposed: Float64Array;
}

/** Results go into a new matrix, or into one that is given. */
type Mask = (slopes: Float64Array, x: Float64Array, rows: number, into?: Float64Array) => Float64Array;

export interface Operators {
  readonly plan: Plan;
  /** The plan's program for so many samples. */
  readonly program: (samples: number) => BatchProgram;
  /** One of a single sample, with every iteration and explicit Jacobian, whatever the plan asks for. */
  readonly whole: () => BatchProgram;
  /** W′_t x: n_{t+1} × B from n_t × B. */
  readonly apply: (t: number, x: Float64Array, columns: number, into?: Float64Array) => Float64Array;
  /** W′_tᵀ y: n_t × B from n_{t+1} × B. */
  readonly applyTransposed: (t: number, y: Float64Array, columns: number, into?: Float64Array) => Float64Array;
  /** D ∘ x on the way forward (tangents); x n × columns, D n × B, B a part of the columns. */
  readonly maskForward: Mask;
  /** D ∘ x on the way back (adjoints and pullbacks). */
  readonly maskBackward: Mask;
  /** W′_1W′_1ᵀ y, n_2 × B, where the plan has that matrix. */
  readonly applyFirstGram: (y: Float64Array, columns: number, into?: Float64Array) => Float64Array;
  /** What `apply` (or, turned, `applyTransposed`) multiplies by, or W′_1W′_1ᵀ, in f32, its rows filled up to an even number. */
  readonly single: (weight: Matrix, turned: boolean) => Float32Array;
  /** What the fault, if any, does to a quantity as it is made. */
  readonly tamper: Tamper;
  readonly fault: FaultName | undefined;
}

export function makeOperators(plan: Plan, fault: FaultName | undefined): Operators {
  const packed: Packed[] = plan.layers.map((layer, i) => {
    const { inputs, outputs } = plan.network.layers[i] as { inputs: number; outputs: number };
    const weight = fault === "weights-truncated" ? layer.scaledWeight.map(truncated) : layer.scaledWeight;
    return {
      inputs,
      outputs,
      weight,
      transposed: transpose(weight, outputs, inputs),
    };
  });
  const at = (t: number): Packed => packed[t - 1] as Packed;
  const apply: Operators["apply"] = (t, x, columns, into) => {
    const layer = at(t);
    const y = into ?? new Float64Array(layer.outputs * columns);
    const operand = fault === "jvp-row-skipped" ? withoutLastRow(x, columns) : x;
    const weight = fault === "jvp-transposed" ? layer.transposed : layer.weight;
    product(weight, layer.outputs, layer.inputs, operand, columns, y);
    return y;
  };
  const applyTransposed: Operators["applyTransposed"] = (t, y, columns, into) => {
    const layer = at(t);
    const x = into ?? new Float64Array(layer.inputs * columns);
    const operand = fault === "vjp-row-skipped" ? withoutLastRow(y, columns) : y;
    const weight = fault === "vjp-transposed" ? layer.weight : layer.transposed;
    product(weight, layer.inputs, layer.outputs, operand, columns, x);
    return x;
  };
  const singles = new Map<string, Float32Array>();
  const single: Operators["single"] = ({ kind, layer }, turned) => {
    const key = `${kind} ${String(layer)} ${String(turned)}`;
    let own = singles.get(key);
    if (own === undefined) {
      const { inputs, outputs, weight, transposed } = at(layer);
      const gram = kind === "first-gram";
      const [rows, inner] = turned ? [inputs, outputs] : [outputs, gram ? outputs : inputs];
      const swapped = fault === (turned ? "vjp-transposed" : "jvp-transposed");
      own = new Float32Array(even(rows) * inner);
      own.set(gram ? (plan.firstGram as Float64Array) : turned !== swapped ? transposed : weight);
      // A term that is left out, as `withoutLastRow` has it.
      if (fault === (turned ? "vjp-row-skipped" : "jvp-row-skipped") && !gram)
        for (let i = inner - 1; i < own.length; i += inner) own[i] = 0;
      singles.set(key, own);
    }
    return own;
  };
  const made = new Map<number, BatchProgram>();
  const programOf = (key: number, own: Plan, samples: number): BatchProgram => {
    const program = made.get(key) ?? batchProgram(own, samples, { fault, bindingBytes: Infinity });
    made.set(key, program);
    return program;
  };
  return {
    plan,
    program: (samples) => programOf(samples, plan, samples),
    whole: () => programOf(WHOLE, { ...plan, norm: "frobenius", accuracy: 0 }, 1),
    apply,
    applyTransposed,
    maskForward: fault === "jvp-missing-mask" ? unmasked : fault === "slopes-of-neighbour" ? neighbours : maskedGroups,
    maskBackward:
      fault === "vjp-missing-mask"
        ? unmasked
        : fault === "slopes-of-neighbour" || fault === "vjp-slopes-of-neighbour"
          ? neighbours
          : maskedGroups,
    applyFirstGram: (y, columns, into) => {
      const n = at(1).outputs;
      const result = into ?? new Float64Array(n * columns);
      product(plan.firstGram as Float64Array, n, n, y, columns, result);
      return result;
    },
    single,
    tamper: createTamper(plan, fault),
    fault,
  };
}

const WHOLE = 0;

/** As maskedGroups, by another sample's slopes. */
const neighbours: Mask = (slopes, x, rows, into) => maskedGroups(shifted(slopes, slopes.length / rows), x, rows, into);

const unmasked: Mask = (_, x, __, into) => {
  into?.set(x);
  return into ?? x;
};

function withoutLastRow(x: Float64Array, columns: number): Float64Array {
  const result = Float64Array.from(x);
  result.fill(0, x.length - columns);
  return result;
}
