/** What the host gives the program: weights, biases, the activations' parameters and the first layer's Gram matrix once, the head's constants before each run. */
import { ACTIVATION_NAMES } from "../../network/activations.ts";
import type { Head } from "../../network/heads.ts";
import type { Activation } from "../../network/parametric.ts";
import { atUnit, formulaOf } from "../../network/parametric.ts";
import type { FaultName } from "../faults.ts";
import { truncated } from "../faults.ts";
import type { Plan } from "../plan.ts";
import type { ConstantKind, Matrix } from "./stage.ts";

/** Head numbers of head.wgsl. */
export const HEAD_NUMBERS: Readonly<Record<Head["kind"], number>> = {
  sum: 0,
  mean: 1,
  logit: 2,
  "logit-argmax": 3,
  linear: 4,
  "half-squared-norm": 5,
  "log-sum-exp": 6,
  "cross-entropy": 7,
  "squared-error": 8,
  margin: 9,
  logistic: 10,
  "each-logit": 11,
};

const CONSTANTS: Readonly<Record<ConstantKind, (plan: Plan, i: number, fault: FaultName | undefined) => Float64Array>> =
  {
    weight: (plan, i) => (plan.network.layers[i] as Plan["network"]["layers"][number]).weight,
    bias: (plan, i) => (plan.network.layers[i] as Plan["network"]["layers"][number]).bias,
    parameter: (plan, i) => {
      const { activation, outputs } = plan.network.layers[i] as Plan["network"]["layers"][number];
      return unitParameters(activation, outputs);
    },
    "scaled-weight": (plan, i, fault) => {
      const { scaledWeight } = plan.layers[i] as Plan["layers"][number];
      return fault === "weights-truncated" ? scaledWeight.map(truncated) : scaledWeight;
    },
    "first-gram": (plan) => plan.firstGram ?? new Float64Array(0),
  };

/** The formula's number in shaders/lib/activations.wgsl; a PReLU's units are leaky-relu's. */
export function activationNumber(activation: Activation): number {
  return ACTIVATION_NAMES.indexOf(formulaOf(atUnit(activation, 0)).name);
}

/** The formula's parameter for each of n units, 0 where it has none. */
export function unitParameters(activation: Activation, n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, k) => formulaOf(atUnit(activation, k)).parameter);
}

/** What a constant of the program holds; null for a matrix that the program makes. */
export function constantOf(plan: Plan, { kind, layer }: Matrix, fault: FaultName | undefined): Float64Array | null {
  return kind in CONSTANTS ? CONSTANTS[kind as ConstantKind](plan, layer - 1, fault) : null;
}

/** The head's constants for samples first … first + samples − 1, width × columns: coefficients or targets; one unused number else. */
export function headData(head: Head, width: number, first: number, samples: number, columns: number): Float64Array {
  if (head.kind !== "linear" && head.kind !== "squared-error") return new Float64Array(4);
  const data = new Float64Array(width * columns);
  for (let j = 0; j < samples; j++) {
    for (let i = 0; i < width; i++) {
      const value =
        head.kind === "linear" ? head.coefficients[i] : head.targets[(head.rows === 1 ? 0 : (first + j) * width) + i];
      data[i * columns + j] = value as number;
    }
  }
  return data;
}
