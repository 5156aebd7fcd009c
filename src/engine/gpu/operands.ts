/** What a plan puts on the device once: weights, biases, the first layer's Gram matrix, and the head's constants. */
import type { ActivationName } from "../../network/activations.ts";
import { ACTIVATION_NAMES } from "../../network/activations.ts";
import type { Head } from "../../network/heads.ts";
import type { Kink } from "../../network/kinks.ts";
import { kinksOf } from "../../network/kinks.ts";
import type { FaultName } from "../faults.ts";
import { truncated } from "../faults.ts";
import type { Plan } from "../plan.ts";
import type { Workspace } from "./dispatch.ts";

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
};

export interface Operands {
  readonly depth: number;
  /** n_t, t = 1 … l + 1. */
  readonly width: (t: number) => number;
  readonly weight: (t: number) => GPUBuffer;
  readonly bias: (t: number) => GPUBuffer;
  readonly scaled: (t: number) => GPUBuffer;
  readonly activation: (t: number) => number;
  readonly kinks: (t: number) => readonly Kink[];
  readonly firstGram: GPUBuffer | null;
  readonly head: number;
  readonly headIndex: number;
}

/** @param bindingBytes largest storage binding of the adapter. */
export function uploadOperands(
  workspace: Workspace,
  plan: Plan,
  bindingBytes: number,
  fault: FaultName | undefined,
): Operands {
  const f32 = (values: Float64Array): Float32Array => Float32Array.from(values);
  const linear = (values: Float64Array): Float32Array =>
    f32(fault === "weights-truncated" ? values.map(truncated) : values);
  const layers = plan.network.layers.map((layer, i) => ({
    inputs: layer.inputs,
    outputs: layer.outputs,
    activation: ACTIVATION_NAMES.indexOf(layer.activation),
    weight: workspace.upload(`weight.${String(i + 1)}`, f32(layer.weight)),
    bias: workspace.upload(`bias.${String(i + 1)}`, f32(layer.bias)),
    scaled: workspace.upload(
      `scaled-weight.${String(i + 1)}`,
      linear((plan.layers[i] as Plan["layers"][number]).scaledWeight),
    ),
  }));
  const at = (t: number) => layers[t - 1] as (typeof layers)[number];
  return {
    depth: layers.length,
    width: (t) => (t <= layers.length ? at(t).inputs : at(t - 1).outputs),
    weight: (t) => at(t).weight,
    bias: (t) => at(t).bias,
    scaled: (t) => at(t).scaled,
    activation: (t) => at(t).activation,
    kinks: (t) => kinksOf(ACTIVATION_NAMES[at(t).activation] as ActivationName),
    // Where it is larger than what the adapter binds, the product by its two factors does.
    firstGram:
      plan.firstGram === null || 4 * plan.firstGram.length > bindingBytes
        ? null
        : workspace.upload("first-gram", f32(plan.firstGram)),
    head: HEAD_NUMBERS[plan.head.kind],
    headIndex: plan.head.kind === "logit" ? plan.head.index : 0,
  };
}

/** The head's constants for samples first … first + samples − 1, width × columns: coefficients or targets; one unused number else. */
export function headData(head: Head, width: number, first: number, samples: number, columns: number): Float32Array {
  if (head.kind !== "linear" && head.kind !== "squared-error") return new Float32Array(4);
  const data = new Float32Array(width * columns);
  for (let j = 0; j < samples; j++) {
    for (let i = 0; i < width; i++) {
      const value =
        head.kind === "linear" ? head.coefficients[i] : head.targets[(head.rows === 1 ? 0 : (first + j) * width) + i];
      data[i * columns + j] = value as number;
    }
  }
  return data;
}
