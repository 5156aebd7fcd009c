/**
 * A witness's stored numbers against the batch program that made them (engine/program): each stage with the inputs that were stored before it
 * and the answer that was stored after it, each measurement with the vector that was measured. The first answer beyond its oracle's bound
 * names the kernel call that went wrong.
 */
import type { WitnessMeasurement } from "../engine/engine.ts";
import type { FaultName } from "../engine/faults.ts";
import { makePlan } from "../engine/plan.ts";
import { addressed } from "../engine/program/address.ts";
import type { BaseMeasurements } from "../engine/program/base.ts";
import type { Sizes } from "../engine/program/kernels.ts";
import { batchProgram } from "../engine/program/program.ts";
import type { Matrix, Measure, Stage } from "../engine/program/stage.ts";
import { leavesOf } from "../engine/program/stage.ts";
import type { Layer, Network } from "../network/network.ts";
import type { Activation, UnitActivation } from "../network/parametric.ts";
import type { Witness } from "../witness/witness.ts";
import type { KernelCall, Words } from "./call.ts";
import { kernelOf } from "./call.ts";
import { atUnit } from "../network/parametric.ts";
import { throughCall } from "./cases/products.ts";
import type { Contents } from "./contents.ts";
import { COLUMNS, emptyOf, witnessContents } from "./contents.ts";
import type { Deviation } from "./expected.ts";
import { compare } from "./expected.ts";
import { measured } from "./measured.ts";
import { expectedOf } from "./oracle.ts";

export interface GuiltyCall {
  readonly call: KernelCall;
  /** "the backward pass of layer 2" … */
  readonly stage: string;
  /** The first stored number that is wrong. */
  readonly deviation: Deviation;
}

/** The call that the witness's stored numbers accuse, or null where each stage follows from those before it. */
export function guiltyCall(witness: Witness, fault: FaultName | undefined): GuiltyCall | null {
  for (const { stage, call, deviation } of examinations(witness, fault)) {
    if (deviation !== null) return { stage, call, deviation };
  }
  return null;
}

/** One call of the program and what the witness says of its answer: a deviation from the oracle, or null. */
type Examination = Omit<GuiltyCall, "deviation"> & { readonly deviation: Deviation | null };

function* examinations(witness: Witness, fault: FaultName | undefined): Generator<Examination> {
  const { network, head, measurements, index } = witness;
  const { norm, accuracy, seed } = witness.settings;
  const plan = makePlan(network, { head, norm, accuracy, seed, precision: "f32" });
  const { base, iterations, traced } = batchProgram(plan, COLUMNS, { fault, bindingBytes: Infinity });
  const contents = witnessContents(witness, plan, base, traced);
  const stage = (own: Stage) => examined(own, sampleSizes(own, seed, index), contents, network);
  const measure = ([own, found]: readonly [Measure, Float64Array]) => measured(own, contents, found[0] as number);
  yield* each(base.stages, stage);
  yield* each(leavesOf<BaseMeasurements, Measure>(base.measured, measurements), measure);
  for (const { t, back, measured: tree } of iterations) {
    const own = measurements.witnesses[t - 1] ?? null;
    // A witness that overflowed is none.
    if (own === null || !back.every(({ operands }) => contents.finite(operands))) continue;
    yield* each(back, stage);
    yield* each(leavesOf<Pick<WitnessMeasurement, keyof typeof tree>, Measure>(tree, own), measure);
  }
}

function* each<T>(list: Iterable<T>, examine: (one: T) => Examination | null): Generator<Examination> {
  for (const one of list) {
    const examination = examine(one);
    if (examination !== null) yield examination;
  }
}

/** The sample is the first of a block of addresses: all columns are its own, and the one shared direction is. */
function sampleSizes(stage: Stage, seed: number, index: number): Sizes {
  const sizes = addressed(stage, { seed, first: stage.by === "sample" ? 0 : index, unit: 0 });
  return stage.by === "direction" ? { ...sizes, columns: 1 } : sizes;
}

/** Null for a stage of which nothing can be said: an operand or every result of it is not kept. */
function examined(stage: Stage, sizes: Sizes, contents: Contents, network: Network): Examination | null {
  const { name, kernel, overrides, operands } = stage;
  const { results } = kernelOf({ kernel });
  const given = operands.map((own, i) => {
    if (!results.includes(i)) return own.kind === "states" ? emptyOf(own) : contents.of(own);
    // What a stage writes a part of stands there beside it.
    return own.spread === undefined ? emptyOf(own) : contents.of(own);
  });
  const answer = results.map((i) => contents.of(operands[i] as Matrix));
  const kept = (words: Words | null): boolean => words !== null;
  if (!given.every(kept) || !results.some((i, k) => kept(answer[k] ?? null) && operands[i]?.kind !== "unused"))
    return null;
  const call: KernelCall = { kernel, overrides, sizes, buffers: given as Words[], read: results };
  const expected = expectedOf(call, answer.every(kept) ? (answer as Words[]) : null);
  const known = expected.filter((e) => kept(answer[results.indexOf(e.buffer)] ?? null));
  const found = answer.map((words) => words ?? new Float32Array(0));
  const { deviation } = compare(known, call, found);
  const own = { stage: name, call, deviation };
  return kernel === "forward" && deviation !== null && deviation.quantity !== "z"
    ? activationAlone(own, stage, contents, atUnit(activationOf(network, stage), Math.floor(deviation.entry / COLUMNS)))
    : own;
}

/** g of a forward stage. */
function activationOf({ layers }: Network, { operands: [weight] }: Stage): Activation {
  return (layers[(weight as Matrix).layer - 1] as Layer).activation;
}

/** z is right and what was made of it is not: the same z handed through a single weight of 1, where g(z) and g′(z) are all there is. */
function activationAlone(
  own: Examination,
  { operands }: Stage,
  contents: Contents,
  activation: UnitActivation,
): Examination {
  const z = contents.vector(operands[4] as Matrix);
  const padded = new Float32Array(COLUMNS * Math.ceil(z.length / COLUMNS));
  padded.set(z);
  const { call } = throughCall(padded, activation, "");
  return { ...own, call };
}
