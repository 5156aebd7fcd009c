/**
 * Training step by step: batch → forward, head and backward stages → penalties → optimiser. f64 on the host; a step is a function of the
 * settings, the data and the state before it, so that a run that goes on from a state has the bits of one that never stopped.
 */
import { drawnActivation } from "../network/activation-names.ts";
import { UsageError } from "../network/errors.ts";
import type { Network } from "../network/network.ts";
import { randomNetwork } from "../sampling/random-network.ts";
import { BATCH_ORDER_STREAM } from "../sampling/streams.ts";
import type { Dataset } from "./data.ts";
import { chosen, lossHead, samplesIn } from "./data.ts";
import type { TrainingFault } from "./faults.ts";
import { gradientTangent, inputSquares, meanGradient, parameterSquares } from "./gradient.ts";
import type { Machine } from "./machine.ts";
import { createMachine } from "./machine.ts";
import { batchOrder } from "./order.ts";
import { momentCount, update } from "./optimiser.ts";
import type { ParameterVector } from "./parameters.ts";
import { isFinite, parametersOf, plus, squaredLength, withParameters, zerosLike } from "./parameters.ts";
import type { Pass, Stages } from "./program.ts";
import { runStages, stagesFor } from "./program.ts";
import { learningRateAt } from "./schedule.ts";
import type { Penalty, TrainingSettings } from "./settings.ts";

/** All that the next step depends on, beside settings and data. Of a trainer's: the second step after it overwrites its arrays. */
export interface TrainingState {
  /** Steps made. */
  readonly step: number;
  readonly parameters: ParameterVector;
  /** Of the optimiser. */
  readonly moments: readonly ParameterVector[];
}

/** Where numbers stopped being finite: the state is the one before that step. */
export interface Divergence {
  /** The step, counted from 1, that could not be made. */
  readonly step: number;
  /** The number that is not finite, in words. */
  readonly what: string;
}

export type StepResult =
  | { readonly kind: "made"; readonly loss: number; readonly objective: number }
  | ({ readonly kind: "diverged" } & Divergence);

/** What a run asks of whatever trains: the host (`Trainer`), or a device (device.ts), which answers later. */
export interface RunTrainer {
  /** Steps made. */
  readonly made: () => number;
  readonly state: () => TrainingState | Promise<TrainingState>;
  readonly step: () => StepResult | Promise<StepResult>;
  readonly batch: number;
  readonly stepsPerEpoch: number;
}

export interface Trainer extends RunTrainer {
  readonly state: () => TrainingState;
  readonly network: () => Network;
  /** Makes one step. */
  readonly step: () => StepResult;
  /** Samples a step, as they are. */
  readonly batch: number;
  readonly stepsPerEpoch: number;
}

/** The network before its first step, and moments of 0. */
export function initialState(settings: TrainingSettings): TrainingState {
  const network = initialNetwork(settings);
  const moments = Array.from({ length: momentCount(settings) }, () => zerosLike(network));
  return { step: 0, parameters: parametersOf(network), moments };
}

export function initialNetwork({ seed, widths, activations, initialiser, scale }: TrainingSettings): Network {
  return randomNetwork({ seed, index: 0, widths, activations: activations.map(drawnActivation), initialiser, scale });
}

/**
 * @param from the state to go on from.
 * @param staged whether each step goes by the stages of program.ts though there are faster kernels (machine.ts): the same bits in f64.
 */
export function createTrainer(
  settings: TrainingSettings,
  data: Dataset,
  from: TrainingState = initialState(settings),
  fault: TrainingFault | null = null,
  staged = false,
): Trainer {
  const shape = initialNetwork(settings);
  const order = batchOrder(settings.seed, BATCH_ORDER_STREAM, data.samples, settings.batch);
  const machine = staged ? null : createMachine(settings, shape, data, order.size, from, fault);
  if (machine === null && settings.precision === "f32") {
    throw new UsageError(
      "training in f32: found penalties, or a runtime without WebAssembly SIMD; expected neither, or f64",
    );
  }
  const steps = machine === null ? stagedSteps(settings, shape, data, from, fault) : machineSteps(machine, from);
  const { step: made, state, make } = steps;
  return {
    ...{ made, state, batch: order.size, stepsPerEpoch: order.perEpoch },
    network: () => withParameters(shape, state().parameters),
    step() {
      const step = made();
      const drawn = fault === "stale-batch" && step > 0 ? step - 1 : step;
      const found = make(order.batch(drawn), learningRateAt(settings, step));
      return typeof found === "string" ? { kind: "diverged", step: step + 1, what: found } : { kind: "made", ...found };
    },
  };
}

interface Steps {
  readonly step: () => number;
  readonly state: () => TrainingState;
  /** The next step of this batch at this rate; in words what is not finite, and the state stays. */
  readonly make: (batch: Int32Array, rate: number) => { readonly loss: number; readonly objective: number } | string;
}

/** What of the loss and of the objective is not finite, in words; null where both are. */
export function notFinite(loss: number, objective: number): string | null {
  if (!Number.isFinite(loss)) return `the loss is ${String(loss)}`;
  return Number.isFinite(objective) ? null : `the loss with its penalties is ${String(objective)}`;
}

export function notUpdated(gradientIsFinite: boolean): string {
  return `${gradientIsFinite ? "the updated weights hold" : "the gradient holds"} a number that is not finite`;
}

function machineSteps(machine: Machine, from: TrainingState): Steps {
  let { step } = from;
  let known: TrainingState | null = null;
  return {
    step: () => step,
    state: () => (known ??= { step, ...machine.read() }),
    make(batch, rate) {
      const { loss, isFinite } = machine.make(batch, step, rate);
      const wrong = notFinite(loss, loss);
      if (wrong !== null) return wrong;
      if (!isFinite) return notUpdated(machine.gradientIsFinite());
      machine.accept();
      step++;
      known = null;
      return { loss, objective: loss };
    },
  };
}

function stagedSteps(
  settings: TrainingSettings,
  shape: Network,
  data: Dataset,
  from: TrainingState,
  fault: TrainingFault | null,
): Steps {
  let state = from;
  let stages: Stages | null = null;
  // What a step reads and the next one does not: fresh memory each time would cost as much as the arithmetic.
  let memory: readonly [rows: Float64Array<ArrayBuffer>, columns: Float64Array<ArrayBuffer>] | null = null;
  const rooms = twoRooms(shape, momentCount(settings) + 1);
  const needsInput = settings.penalties.some(({ kind }) => kind === "input");
  return {
    step: () => state.step,
    state: () => state,
    make(indices, rate) {
      const { step, parameters, moments } = state;
      const size = indices.length * data.width;
      const [rows, columns] = (memory ??= [new Float64Array(size), new Float64Array(size)]);
      const batch = indices.length === data.samples ? data : chosen(data, indices, rows);
      const head = lossHead(settings.loss, batch);
      stages ??= stagesFor(shape, head, batch.samples);
      const pass = runStages(stages, withParameters(shape, parameters), head, samplesIn(batch), needsInput, columns);
      const { loss, objective, gradient } = objectiveOf(pass, settings.penalties, fault);
      const wrong = notFinite(loss, objective);
      if (wrong !== null) return wrong;
      const next = update(settings, parameters, moments, gradient, step, rate, rooms.free(), fault);
      if (!isFinite(next.parameters)) return notUpdated(isFinite(gradient));
      state = { step: step + 1, ...next };
      rooms.swap();
      return { loss, objective };
    },
  };
}

/**
 * Memory for θ and its moments, of the state that is and of the one to come. Each time it is handed out as new arrays on the same memory:
 * the engine keeps copies of weights by the array (engine/cpu/product.ts).
 */
function twoRooms(network: Network, vectors: number) {
  const rooms = [0, 1].map(() => Array.from({ length: vectors }, () => zerosLike(network)));
  const again = (array: Float64Array): Float64Array => new Float64Array(array.buffer);
  let next = 0;
  return {
    /** The room that does not hold the state. */
    free: (): ParameterVector[] =>
      (rooms[next] as ParameterVector[]).map((vector) =>
        vector.map(({ weight, bias }) => ({ weight: again(weight), bias: again(bias) })),
      ),
    /** The state stands in the free room now. */
    swap: (): void => {
      next = 1 - next;
    },
  };
}

export interface Objective {
  /** Mean f of the batch. */
  readonly loss: number;
  /** With its penalties. */
  readonly objective: number;
  /** Of the objective. */
  readonly gradient: ParameterVector;
}

/**
 * The mean loss of a batch with its penalties, and the gradient of the sum: double backward through the same stages (gradient.ts).
 * @param pass with ∇ₓf where there is an input penalty.
 */
export function objectiveOf(pass: Pass, penalties: readonly Penalty[], fault: TrainingFault | null = null): Objective {
  const loss = mean(pass.values);
  const plain = meanGradient(pass);
  let objective = loss;
  let gradient = plain;
  for (const { kind, factor } of penalties) {
    objective += factor * penaltyValue(pass, kind, plain);
    gradient = plus(gradient, 2 * factor, halfPenaltyGradient(pass, kind, plain, fault));
  }
  return { loss, objective, gradient };
}

function penaltyValue(pass: Pass, kind: Penalty["kind"], gradient: ParameterVector): number {
  switch (kind) {
    case "input":
      return mean(inputSquares(pass));
    case "parameter":
      return squaredLength(gradient);
    case "parameter-each":
      return mean(parameterSquares(pass));
  }
}

/** Half of the penalty's gradient by θ, for λ = 1. @param gradient ∇_θ of the mean. */
export function halfPenaltyGradient(
  pass: Pass,
  kind: Penalty["kind"],
  gradient: ParameterVector,
  fault: TrainingFault | null = null,
): ParameterVector {
  switch (kind) {
    case "input":
      return gradientTangent(pass, { kind: "input", input: pass.pullback(1) }, fault);
    case "parameter":
      return gradientTangent(pass, { kind: "shared", parameters: gradient }, fault);
    case "parameter-each":
      return gradientTangent(pass, { kind: "own" }, fault);
  }
}

export function mean(values: Float64Array): number {
  let sum = 0;
  for (const v of values) sum += v;
  return sum / values.length;
}
