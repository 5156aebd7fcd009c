/** The network as the builders of the program see it: widths, activations and the matrices that the host gives. */
import type { Activation } from "../../network/parametric.ts";
import type { FaultName } from "../faults.ts";
import type { Plan } from "../plan.ts";
import type { Matrix } from "./stage.ts";
import { matrix } from "./stage.ts";

/** What a program is made for, beside its plan. */
export interface ProgramOptions {
  /** A planted fault that changes what is called, or with which factors. */
  readonly fault: FaultName | undefined;
  /** The most bytes that a stage can be given as one matrix. */
  readonly bindingBytes: number;
}

export interface ProgramNetwork {
  readonly plan: Plan;
  readonly fault: FaultName | undefined;
  readonly depth: number;
  /** 1 … l. */
  readonly layers: readonly number[];
  /** n_t, t = 1 … l + 1. */
  readonly width: (t: number) => number;
  readonly activation: (t: number) => Activation;
  readonly weight: (t: number) => Matrix;
  readonly bias: (t: number) => Matrix;
  /** Of g_t, one number a unit. */
  readonly parameter: (t: number) => Matrix;
  readonly scaled: (t: number) => Matrix;
  /** W′_1W′_1ᵀ where the iteration takes it for its two factors. */
  readonly firstGram: Matrix | null;
  /** Stand-ins for what a kernel does not read and does not write. */
  readonly unused: readonly [read: Matrix, written: Matrix];
}

export function programNetwork(plan: Plan, { fault, bindingBytes }: ProgramOptions): ProgramNetwork {
  const { layers } = plan.network;
  const own = layers.map(({ inputs, outputs, activation }, i) => ({
    ...{ inputs, outputs, activation },
    weight: matrix("weight", i + 1, outputs, inputs),
    bias: matrix("bias", i + 1, outputs, 1),
    parameter: matrix("parameter", i + 1, outputs, 1),
    scaled: matrix("scaled-weight", i + 1, outputs, inputs),
  }));
  const at = (t: number) => own[t - 1] as (typeof own)[number];
  const width = (t: number): number => (t <= own.length ? at(t).inputs : at(t - 1).outputs);
  const gram = plan.firstGram;
  return {
    ...{ plan, fault, width },
    depth: own.length,
    layers: own.map((_, i) => i + 1),
    activation: (t) => at(t).activation,
    weight: (t) => at(t).weight,
    bias: (t) => at(t).bias,
    parameter: (t) => at(t).parameter,
    scaled: (t) => at(t).scaled,
    // Where it is larger than what a stage can be given, the product by its two factors does.
    firstGram: gram === null || 4 * gram.length > bindingBytes ? null : matrix("first-gram", 1, width(2), width(2)),
    unused: [matrix("unused", 0, 1, 4), matrix("unused", 0, 1, 4)],
  };
}
