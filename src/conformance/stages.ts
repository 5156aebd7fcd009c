/**
 * A witness's stored stages as kernel calls, in the order in which the engine made them (engine/gpu/base-pass.ts, witness-pass.ts): each with
 * the inputs that were stored before it and the answer that was stored after it. The first answer beyond its oracle's bound names the kernel
 * that went wrong.
 */
import { inputGradientFactor } from "../engine/faults.ts";
import type { FaultName } from "../engine/faults.ts";
import { headData, HEAD_NUMBERS } from "../engine/program/constants.ts";
import { HEAD_STATE, NORMALISE_STATE } from "../engine/program/kernels.ts";
import type { Plan } from "../engine/plan.ts";
import { makePlan } from "../engine/plan.ts";
import { ACTIVATION_NAMES } from "../network/activations.ts";
import type { ActivationName } from "../network/activations.ts";
import { DIRECTION_BLOCK, directionBlock } from "../sampling/philox.ts";
import { DIRECTION_STREAM } from "../sampling/streams.ts";
import type { Witness } from "../witness/witness.ts";
import type { KernelCall, Words } from "./call.ts";
import { throughCall } from "./cases/products.ts";
import { zeros } from "./cases/numbers.ts";
import type { Deviation } from "./expected.ts";
import { compare } from "./expected.ts";
import { expectedOf } from "./oracle.ts";
import type { Stage } from "./stage.ts";
import { COLUMNS, columns, sideBySide } from "./stage.ts";
import { sumStages } from "./sum-stages.ts";

export interface GuiltyCall {
  readonly call: KernelCall;
  /** "the backward product of layer 2" … */
  readonly stage: string;
  /** The first stored number that is wrong. */
  readonly deviation: Deviation;
}

/** The call that the witness's stored numbers accuse, or null where each stage follows from those before it. */
export function guiltyCall(witness: Witness, fault: FaultName | undefined): GuiltyCall | null {
  const { network, head, settings } = witness;
  const { norm, accuracy, seed } = settings;
  const plan = makePlan(network, { head, norm, accuracy, seed, precision: "f32" });
  for (const { stage, call, deviation } of stages(witness, plan, fault)) {
    if (deviation !== null) return { stage, call, deviation };
  }
  return null;
}

function* stages(witness: Witness, plan: Plan, fault: FaultName | undefined): Generator<Stage> {
  yield* forwardStages(witness);
  yield headStage(witness);
  yield* backwardStages(witness, plan, fault);
  yield* tangentStages(witness, plan);
  yield* sumStages(witness);
  yield* witnessStages(witness, plan);
}

/** A call whose answer is stored: buffers by number, null where the witness has not kept one. */
function stored(stage: string, call: KernelCall, answer: readonly (Words | null)[]): Stage {
  const whole = answer.every((words) => words !== null);
  const expected = expectedOf(call, whole ? answer : null);
  const known = expected.filter((e) => answer[call.read.indexOf(e.buffer)] !== null);
  const found = answer.map((words) => words ?? zeros(0));
  return { stage, call, deviation: compare(known, call, found).deviation };
}

function* forwardStages({ network, stored: s }: Witness): Generator<Stage> {
  for (const [i, layer] of network.layers.entries()) {
    const { outputs: rows, inputs: inner, activation } = layer;
    const empty = (): Float32Array<ArrayBuffer> => zeros(rows * COLUMNS);
    const call: KernelCall = {
      kernel: "forward",
      overrides: { ACTIVATION: ACTIVATION_NAMES.indexOf(activation) },
      sizes: { rows, inner, columns: COLUMNS },
      buffers: [
        Float32Array.from(layer.weight),
        Float32Array.from(layer.bias),
        columns(s.hidden[i] as Float64Array),
        ...[empty(), empty(), empty()],
      ],
      read: [3, 4, 5],
    };
    const answer = [s.preactivation[i], s.hidden[i + 1], s.slopes[i]].map((x) => columns(x as Float64Array));
    const own = stored(`the forward pass of layer ${String(i + 1)}`, call, answer);
    const activated = own.deviation !== null && own.deviation.quantity !== "z";
    yield activated ? activationStage(own, s.preactivation[i] as Float64Array, activation) : own;
  }
}

/** z is right and what was made of it is not: the same z handed through a single weight of 1, where g(z) and g′(z) are all there is. */
function activationStage(own: Stage, z: Float64Array, activation: ActivationName): Stage {
  const padded = new Float32Array(COLUMNS * Math.ceil(z.length / COLUMNS));
  padded.set(z);
  return { ...own, call: throughCall(padded, activation, "of the stored z").call };
}

function headStage({ network, head, label, index, stored: s }: Witness): Stage {
  const depth = network.layers.length;
  const width = s.topGradient.length;
  const values = new Float32Array(2 * COLUMNS);
  for (let j = 0; j < COLUMNS; j++) {
    values[2 * j] = s.value;
    new Int32Array(values.buffer)[2 * j + 1] = s.topExponent;
  }
  const data = headData(head, width, head.kind === "squared-error" ? 0 : index, 1, 1);
  const ownLabel = label < 0 && head.kind === "cross-entropy" ? 0 : label;
  const call: KernelCall = {
    kernel: "head",
    overrides: { HEAD: HEAD_NUMBERS[head.kind] },
    sizes: { width, columns: COLUMNS, index: head.kind === "logit" ? head.index : 0 },
    buffers: [
      columns(s.hidden[depth] as Float64Array),
      head.kind === "linear" || head.kind === "squared-error" ? columns(Float64Array.from(data)) : zeros(4),
      new Int32Array(COLUMNS).fill(ownLabel),
      columns(s.slopes[depth - 1] as Float64Array),
      new Uint32Array(2 * COLUMNS),
      ...[zeros(width * COLUMNS), zeros(width * COLUMNS)],
      new Uint32Array(HEAD_STATE * COLUMNS),
    ],
    read: [4, 5, 6],
  };
  return stored("the head", call, [values, columns(s.topGradient), columns(s.adjoints[depth - 1] as Float64Array)]);
}

type Product = "vectorJacobianProduct" | "jacobianVectorProduct";

/** One product of layer t with what is masked by `slopes`, where there are any; the operand in groups of COLUMNS columns. */
function productCall(
  plan: Plan,
  kernel: Product,
  t: number,
  operand: Float32Array<ArrayBuffer>,
  slopes: Float64Array | null,
): KernelCall {
  const { inputs, outputs } = plan.network.layers[t - 1] as Plan["network"]["layers"][number];
  const [rows, inner] = kernel === "vectorJacobianProduct" ? [inputs, outputs] : [outputs, inputs];
  const wide = operand.length / inner;
  const masked = slopes !== null;
  return {
    kernel,
    overrides: { MASKED: masked ? 1 : 0, ...(kernel === "vectorJacobianProduct" ? { FACTOR: 1 } : {}) },
    sizes: { rows, inner, columns: wide, samples: COLUMNS },
    buffers: [
      Float32Array.from((plan.layers[t - 1] as Plan["layers"][number]).scaledWeight),
      operand,
      masked ? columns(slopes) : zeros(4),
      zeros(rows * wide),
      zeros(masked ? rows * wide : 4),
    ],
    read: [3, 4],
  };
}

function* backwardStages({ stored: s }: Witness, plan: Plan, fault: FaultName | undefined): Generator<Stage> {
  for (let t = plan.layers.length; t >= 1; t--) {
    const slopes = t > 1 ? (s.slopes[t - 2] as Float64Array) : null;
    const call = productCall(plan, "vectorJacobianProduct", t, columns(s.adjoints[t - 1] as Float64Array), slopes);
    // As the engine calls it: a fault may be an override's.
    const overrides = t === 1 ? { ...call.overrides, FACTOR: inputGradientFactor(fault) } : call.overrides;
    const below = t > 1 ? columns(s.adjoints[t - 2] as Float64Array) : zeros(4);
    const answer = [columns(s.pullbacks[t - 1] as Float64Array), below];
    yield stored(`the backward pass of layer ${String(t)}`, { ...call, overrides }, answer);
  }
}

function* tangentStages({ stored: s, settings, index }: Witness, plan: Plan): Generator<Stage> {
  const rows = s.inputGradient.length;
  const normalise: KernelCall = {
    kernel: "normalise",
    overrides: { SECOND: 0 },
    sizes: { rows, columns: COLUMNS, width: COLUMNS, shift: 0, pitch: COLUMNS },
    buffers: [columns(s.inputGradient), zeros(rows * COLUMNS), new Uint32Array(NORMALISE_STATE * COLUMNS)],
    read: [1],
  };
  yield stored("the direction ∇ₓf/‖∇ₓf‖", normalise, [columns(s.directions[0].tangents[0] as Float64Array)]);
  const words = (name: string, value: number) => ({
    [`${name}_low`]: value % 2 ** 32,
    [`${name}_high`]: Math.floor(value / 2 ** 32),
  });
  const philox: KernelCall = {
    kernel: "philoxUniform",
    overrides: {},
    sizes: {
      ...{ rows, columns: 1, width: 1, shift: 0 },
      ...words("seed", settings.seed),
      ...words("first", directionBlock(index)),
      stream: DIRECTION_STREAM,
    },
    buffers: [zeros(rows)],
    read: [0],
  };
  yield stored("the random direction", philox, [columns(s.directions[1].tangents[0] as Float64Array, 1)]);
  const [along, random] = s.directions;
  const both = (of: "tangents" | "pushed", t: number): Float32Array<ArrayBuffer> =>
    sideBySide(along[of][t - 1] as Float64Array, random[of][t - 1] as Float64Array);
  const depth = plan.layers.length;
  for (let t = 1; t <= depth; t++) {
    const slopes = t < depth ? (s.slopes[t - 1] as Float64Array) : null;
    const name = `the tangent pass of layer ${String(t)}`;
    const next = t < depth ? both("tangents", t + 1) : zeros(4);
    // Layer 1's product is masked where its columns are spread over the samples (tangent-pass.ts).
    const call = productCall(plan, "jacobianVectorProduct", t, both("tangents", t), t === 1 ? null : slopes);
    yield stored(name, call, [both("pushed", t), t === 1 ? zeros(4) : next]);
    if (t === 1) yield stored(name, spreadOf(both("pushed", 1), slopes), [both("pushed", 1), next]);
  }
}

/** [ζ of the sample | ζ that it shares], and D ∘ it where there are slopes. */
function spreadOf(pushed: Float32Array<ArrayBuffer>, slopes: Float64Array | null): KernelCall {
  const masked = slopes !== null;
  return {
    kernel: "spread",
    overrides: { MASKED: masked ? 1 : 0 },
    sizes: {
      ...{ rows: pushed.length / (2 * COLUMNS), columns: COLUMNS, blocks: COLUMNS },
      ...{ block: DIRECTION_BLOCK, first: 0 },
    },
    buffers: [pushed, masked ? columns(slopes) : zeros(4), zeros(pushed.length), zeros(masked ? pushed.length : 4)],
    read: [2, 3],
  };
}

/** ĉ = J_tᵀû, a product at a time; what a product makes on the way to its mask is not stored. */
function* witnessStages({ stored: s }: Witness, plan: Plan): Generator<Stage> {
  for (const [i, witness] of s.witnesses.entries()) {
    if (witness === null) continue;
    const { vector, stages: own, result } = witness;
    if (![vector, ...own, result].every((x) => x.every((v) => Number.isFinite(v)))) continue;
    const name = `the pullback of the witness of layer ${String(i + 1)}`;
    const slopes = (t: number): Float64Array => s.slopes[t - 1] as Float64Array;
    const mask: KernelCall = {
      kernel: "mask",
      overrides: {},
      sizes: { rows: vector.length, columns: COLUMNS, samples: COLUMNS },
      buffers: [columns(vector), columns(slopes(i)), zeros(vector.length * COLUMNS)],
      read: [2],
    };
    yield stored(name, mask, [columns(own[i - 1] as Float64Array)]);
    for (let t = i; t >= 1; t--) {
      const below = t > 1 ? slopes(t - 1) : null;
      const call = productCall(plan, "vectorJacobianProduct", t, columns(own[t - 1] as Float64Array), below);
      yield stored(name, call, t > 1 ? [null, columns(own[t - 2] as Float64Array)] : [columns(result), zeros(4)]);
    }
  }
}
