/**
 * Steps without penalties, fast: the batch program's forward, head and backward stages, the gradient's and the optimiser's, one after the other
 * on one memory that holds all of a run (assembly/training.ts). Nothing is copied or made between two steps but the batch.
 *
 * In f64 every number has the bits that the stages of program.ts, gradient.ts and optimiser.ts give. In f32 weights, moments and gradients
 * are f32, and so is each operation but the head's.
 */
import type { Matrix } from "../engine/program/stage.ts";
import type { Network } from "../network/network.ts";
import { activated } from "../network/parametric.ts";
import type { Dataset } from "./data.ts";
import { lossHead } from "./data.ts";
import type { TrainingFault } from "./faults.ts";
import type { KernelMemory } from "./kernels.ts";
import { kernelMemory } from "./kernels.ts";
import type { Place, StretchLayer } from "./layout.ts";
import { eachRow, LINE, row, stretchOf } from "./layout.ts";
import { momentCount, ruleOf } from "./optimiser.ts";
import type { ParameterVector } from "./parameters.ts";
import { stagesFor } from "./program.ts";
import type { LossName, TrainingSettings } from "./settings.ts";

export interface MadeStep {
  /** Mean loss of the batch. */
  readonly loss: number;
  /** Whether the new θ is finite. */
  readonly isFinite: boolean;
}

export interface Machine {
  /** θ and the moments, as copies. */
  readonly read: () => { readonly parameters: ParameterVector; readonly moments: readonly ParameterVector[] };
  /** Makes the next θ beside the one that is. @param batch the samples' numbers. @param step 0 for the first. @param rate η. */
  readonly make: (batch: Int32Array, step: number, rate: number) => MadeStep;
  /** The next θ takes the place of the one that is. */
  readonly accept: () => void;
  /** Whether the last gradient is finite. */
  readonly gradientIsFinite: () => boolean;
}

const LOSS_NUMBERS: Readonly<Record<LossName, number>> = { "cross-entropy": 0, "squared-error": 1, logistic: 2 };
const ACTIVATION_NUMBERS: Readonly<Record<string, number>> = { identity: 0, relu: 1, tanh: 2 };
/** z + b alone. */
const OTHER_ACTIVATION = 3;

/** Null where there are no kernels, or penalties. @param samples of a batch. */
export function createMachine(
  settings: TrainingSettings,
  shape: Network,
  data: Dataset,
  samples: number,
  from: { readonly parameters: ParameterVector; readonly moments: readonly ParameterVector[] },
  fault: TrainingFault | null,
): Machine | null {
  if (settings.penalties.length > 0) return null;
  const { precision } = settings;
  const size = precision === "f64" ? 8 : 4;
  const { base, calls } = stagesFor(shape, lossHead(settings.loss, data), samples);
  const { layers } = shape;
  const layout = stretchOf(layers, size);
  const moments = momentCount(settings);

  let top = LINE;
  const place = (rows: number, columns: number, bytes = size): Place => {
    const at = top;
    const own = row(columns * bytes);
    top += rows * own.pitch;
    return { at, ...own };
  };
  const places = new Map<Matrix, Place>();
  const at = (matrix: Matrix): Place => {
    const known = places.get(matrix);
    if (known !== undefined) return known;
    const made = place(matrix.rows, samples);
    places.set(matrix, made);
    return made;
  };
  const stretch = (): number => place(1, layout.bytes, 1).at;
  const rooms = [0, 1].map(() => Array.from({ length: 1 + moments }, stretch));
  const gradient = stretch();
  const rows = layers.map(({ inputs }) => place(samples, inputs));
  const shares = layers.map(({ outputs }) => place(outputs, samples));
  const [labels, values] = [place(1, samples, 4).at, place(1, samples, 8).at];
  const factors = place(1, samples).at;
  const scratch = place(1, 2 * data.outputs, 8).at;
  const targets = data.targets === null ? 0 : place(1, samples * data.outputs, 8).at;
  for (const { operands, kernel } of calls) {
    if (kernel === "forward") for (const own of operands.slice(3)) at(own);
    if (kernel === "head") at(operands[6] as Matrix);
    if (kernel === "vectorJacobianProduct") at(operands[4] as Matrix);
  }
  const memory = kernelMemory(precision, top);
  if (memory === null) return null;
  const { kernels, buffer } = memory;
  const numbers = precision === "f64" ? new Float64Array(buffer) : new Float32Array(buffer);
  const doubles = new Float64Array(buffer);
  const words = new Int32Array(buffer);
  let current = 0;
  const theta = (): number => (rooms[current] as number[])[0] as number;

  const run = calls.map(({ kernel, operands }): (() => void) => {
    const { layer, rows: height, columns: width } = operands[0] as Matrix;
    const weight = layout.places[layer - 1];
    switch (kernel) {
      case "forward": {
        const [hidden, z, next, slopes] = operands.slice(3).map(at) as [Place, Place, Place, Place];
        const { activation } = layers[layer - 1] as Network["layers"][number];
        const kind =
          typeof activation === "string" ? (ACTIVATION_NUMBERS[activation] ?? OTHER_ACTIVATION) : OTHER_ACTIVATION;
        const { pitch, extent } = z;
        return () => {
          const own = theta();
          const { weight: w, bias, pitch: step } = weight as StretchLayer;
          kernels.product(own + w, step, size, hidden.at, z.at, 0, height, width, pitch, extent);
          kernels.activate(kind, z.at, own + bias, next.at, slopes.at, height, pitch, extent);
          if (kind !== OTHER_ACTIVATION) return;
          const count = (height * pitch) / size;
          const from = z.at / size;
          const found = activated(activation, Float64Array.from(numbers.subarray(from, from + count)), pitch / size);
          numbers.set(found.value, next.at / size);
          numbers.set(found.slope, slopes.at / size);
        };
      }
      case "head": {
        const [h, slopes, adjoint] = [operands[0], operands[3], operands[6]].map((own) => at(own as Matrix)) as [
          Place,
          Place,
          Place,
        ];
        const kind = LOSS_NUMBERS[settings.loss];
        return () => {
          kernels.head(
            ...([kind, h.at, slopes.at, labels, targets, values, adjoint.at, factors, scratch] as const),
            ...([data.outputs, samples, h.pitch] as const),
          );
        };
      }
      case "vectorJacobianProduct": {
        const [delta, slopes, below] = [operands[1], operands[2], operands[4]].map((own) => at(own as Matrix)) as [
          Place,
          Place,
          Place,
        ];
        return () => {
          const { weight: w, pitch: step } = weight as StretchLayer;
          kernels.product(
            theta() + w,
            size,
            step,
            delta.at,
            below.at,
            slopes.at,
            width,
            height,
            delta.pitch,
            delta.extent,
          );
        };
      }
      default:
        throw new RangeError(`training makes no ${kernel}`);
    }
  });

  const differentiate = layers.map(({ inputs, outputs, biased }, i): (() => void) => {
    const hidden = at(base.vectors.hidden[i]?.of as Matrix);
    const delta = at(base.vectors.adjoints[i]?.of as Matrix);
    const [own, divided] = [rows[i] as Place, shares[i] as Place];
    const { weight, bias } = layout.places[i] as StretchLayer;
    return () => {
      const biasAt = biased === false ? 0 : gradient + bias;
      kernels.share(delta.at, factors, divided.at, biasAt, outputs, samples, delta.pitch, delta.extent);
      if (i > 0) kernels.transpose(hidden.at, hidden.pitch, own.at, own.pitch, inputs, samples);
      kernels.product(
        divided.at,
        divided.pitch,
        size,
        own.at,
        gradient + weight,
        0,
        outputs,
        samples,
        own.pitch,
        own.extent,
      );
    };
  });

  const first = { rows: rows[0] as Place, columns: at(base.inputs) };
  // Rounded once, not each time that a batch has them.
  const inputs = precision === "f64" ? data.inputs : Float32Array.from(data.inputs);
  let gathered: Int32Array | null = null;
  const gather = (batch: Int32Array): void => {
    if (batch === gathered && samples === data.samples) return;
    gathered = batch;
    gatherRows(numbers, first.rows.at / size, first.rows.pitch / size, inputs, data.width, batch);
    kernels.transpose(first.rows.at, first.rows.pitch, first.columns.at, first.columns.pitch, samples, data.width);
    for (let j = 0; j < samples; j++) words[labels / 4 + j] = data.labels?.[batch[j] as number] ?? -1;
    if (data.targets !== null) gatherRows(doubles, targets / 8, data.outputs, data.targets, data.outputs, batch);
  };

  const write = (into: number, vector: ParameterVector): void => {
    eachRow(layers, layout, vector, size, (array, start, end, offset) => {
      numbers.set(array.subarray(start, end), (into + offset) / size);
    });
  };
  [from.parameters, ...from.moments].forEach((vector, k) => {
    write((rooms[0] as number[])[k] as number, vector);
  });
  const copy = (at: number): ParameterVector => {
    const vector = layers.map(({ weight, bias }) => ({
      weight: new Float64Array(weight.length),
      bias: new Float64Array(bias.length),
    }));
    eachRow(layers, layout, vector, size, (array, start, end, offset) => {
      const own = (at + offset) / size;
      array.set(numbers.subarray(own, own + end - start), start);
    });
    return vector;
  };

  return {
    read: () => {
      const [parameters, ...rest] = (rooms[current] as number[]).map(copy) as [ParameterVector, ...ParameterVector[]];
      return { parameters, moments: rest };
    },
    make(batch, step, rate) {
      gather(batch);
      for (const call of run) call();
      let loss = 0;
      for (let j = 0; j < samples; j++) loss += doubles[values / 8 + j] as number;
      for (const call of differentiate) call();
      const seen = optimise(memory, settings, rooms[current] as number[], rooms[1 - current] as number[], step, rate);
      return { loss: loss / samples, isFinite: seen === 0 };
    },
    accept: () => (current = 1 - current),
    gradientIsFinite: () => copy(gradient).every(({ weight, bias }) => [...weight, ...bias].every(Number.isFinite)),
  };

  function optimise(
    { kernels: { sgd, adam } }: KernelMemory,
    own: TrainingSettings,
    now: readonly number[],
    next: readonly number[],
    step: number,
    rate: number,
  ): number {
    const rule = ruleOf(own, step, rate, fault);
    const [t0, m0, s0 = 0] = now as [number, number, number?];
    const [t1, m1, s1 = 0] = next as [number, number, number?];
    if (rule.kind === "sgd") {
      return sgd(t0, gradient, m0, t1, m1, layout.bytes, own.weightDecay, rule.momentum, rule.rate);
    }
    const { first, second, firstCorrection, secondCorrection, epsilon } = rule;
    return adam(
      ...([t0, gradient, m0, s0, t1, m1, s1, layout.bytes, own.weightDecay] as const),
      ...([first, second, firstCorrection, secondCorrection, epsilon, rule.rate] as const),
    );
  }
}

/** Rows of a set of this width, one a sample of the batch, `pitch` numbers apart. */
function gatherRows(
  into: Float64Array | Float32Array,
  at: number,
  pitch: number,
  values: Float64Array | Float32Array,
  width: number,
  batch: Int32Array,
): void {
  for (let j = 0; j < batch.length; j++) {
    const from = (batch[j] as number) * width;
    const to = at + j * pitch;
    // A short row is copied sooner than a view of it is made.
    if (width > 64) into.set(values.subarray(from, from + width), to);
    else for (let i = 0; i < width; i++) into[to + i] = values[from + i] as number;
  }
}
