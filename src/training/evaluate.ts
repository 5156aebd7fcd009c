/** Loss, accuracy and gradients of a set of samples as it stands: passes over it piece by piece, sums in one fixed order. */
import type { Network } from "../network/network.ts";
import type { Head } from "../network/heads.ts";
import { evaluateHead, signOf } from "../network/heads.ts";
import type { Dataset } from "./data.ts";
import { chosen, lossHead, samplesIn } from "./data.ts";
import { inputSquares, meanGradient, parameterSquares } from "./gradient.ts";
import type { ParameterVector } from "./parameters.ts";
import { plus, squaredLength, times } from "./parameters.ts";
import type { Pass, Stages } from "./program.ts";
import { runStages, stagesFor } from "./program.ts";
import type { LossName } from "./settings.ts";

/** Samples of a pass: as many as the caches like. */
const PIECE = 256;

/** Consecutive pieces of a set, `size` samples each; the last one what is left. */
export function pieces(data: Dataset, size: number): Dataset[] {
  const parts: Dataset[] = [];
  for (let from = 0; from < data.samples; from += size) {
    const count = Math.min(size, data.samples - from);
    parts.push(
      count === data.samples
        ? data
        : chosen(
            data,
            Int32Array.from({ length: count }, (_, i) => from + i),
          ),
    );
  }
  return parts;
}

/** A pass over each piece of a set, one after another. @param headOf f for a piece. */
export function* passes(
  network: Network,
  data: Dataset,
  headOf: (piece: Dataset) => Head,
  inputGradient: boolean,
  size = PIECE,
): Generator<Pass> {
  const made = new Map<number, Stages>();
  for (const piece of pieces(data, size)) {
    const head = headOf(piece);
    const stages = made.get(piece.samples) ?? stagesFor(network, head, piece.samples);
    made.set(piece.samples, stages);
    yield runStages(stages, network, head, samplesIn(piece), inputGradient);
  }
}

export interface Evaluation {
  readonly loss: number;
  /** Share of the samples whose largest output (the first of equals) is their class's, or whose one output has their sign; null for a regression. */
  readonly accuracy: number | null;
}

export function evaluate(network: Network, loss: LossName, data: Dataset): Evaluation {
  let [sum, right, first] = [0, 0, 0];
  for (const { values, hidden, samples } of passes(network, data, (piece) => lossHead(loss, piece), false)) {
    for (const value of values) sum += value;
    const output = hidden.at(-1) as Float64Array;
    for (let j = 0; j < samples.count; j++) {
      if (data.labels?.[first + j] === choiceOf(output, samples.count, j)) right++;
    }
    first += samples.count;
  }
  return { loss: sum / data.samples, accuracy: data.labels === null ? null : right / data.samples };
}

/** The class of the largest output; of one output its sign. */
function choiceOf(output: Float64Array, count: number, j: number): number {
  if (output.length === count) return signOf(output[j] as number);
  let best = 0;
  for (let k = 1; k * count < output.length; k++) {
    if ((output[k * count + j] as number) > (output[best * count + j] as number)) best = k;
  }
  return best;
}

/** The mean over the set of what each pass has as its own mean. */
export function meanOver(
  parts: Iterable<Pass>,
  samples: number,
  own: (pass: Pass) => ParameterVector,
): ParameterVector {
  let total: ParameterVector | null = null;
  for (const pass of parts) {
    const share = pass.samples.count / samples;
    const value = own(pass);
    total = total === null ? times(share, value) : plus(total, share, value);
  }
  if (total === null) throw new RangeError("a mean over no samples");
  return total;
}

/** Three squared gradients of the loss by θ (records/training.ts: GRADIENT_SQUARES). */
export interface GradientSquares {
  readonly fullBatch: number;
  readonly minibatch: number;
  readonly perSample: number;
  readonly batch: number;
}

/** @param whole passes over the set. @param batch samples of a minibatch; what does not fill one is left out. */
export function gradientSquares(
  network: Network,
  loss: LossName,
  data: Dataset,
  whole: readonly Pass[],
  batch: number,
): GradientSquares {
  const size = Math.min(batch, data.samples);
  const fullBatch = squaredLength(meanOver(whole, data.samples, meanGradient));
  const perSample = meanOf(whole, data.samples, parameterSquares);
  let [sum, batches] = [0, 0];
  for (const pass of passes(network, data, (piece) => lossHead(loss, piece), false, size)) {
    if (pass.samples.count < size) break;
    sum += squaredLength(meanGradient(pass));
    batches++;
  }
  return { fullBatch, minibatch: sum / batches, perSample, batch: size };
}

/** The mean over the set of a number a sample. */
export function meanOf(whole: Iterable<Pass>, samples: number, own: (pass: Pass) => Float64Array): number {
  let sum = 0;
  for (const pass of whole) for (const value of own(pass)) sum += value;
  return sum / samples;
}

/** Mean ‖∂h_{l+1}/∂x‖_F², the sum over the outputs of their squared input gradients (Dherin and others, arXiv 2209.13083). */
export function geometricComplexity(network: Network, data: Dataset): number {
  let sum = 0;
  for (let index = 0; index < data.outputs; index++) {
    sum += meanOf(
      passes(network, data, () => ({ kind: "logit", index }), true),
      data.samples,
      inputSquares,
    );
  }
  return sum;
}

/** Mean ‖∂f/∂h_{l+1}‖. @param whole passes over the set, whose outputs h_{l+1} are those of any f. */
export function topGradientNorm(whole: readonly Pass[], data: Dataset, head: Head): number {
  let [sum, first] = [0, 0];
  for (const { hidden, samples } of whole) {
    const output = hidden.at(-1) as Float64Array;
    for (let j = 0; j < samples.count; j++) {
      const own = Float64Array.from({ length: data.outputs }, (_, k) => output[k * samples.count + j] as number);
      const { gradient } = evaluateHead(head, own, data.labels?.[first + j] ?? -1, first + j);
      sum += Math.sqrt(gradient.reduce((square, v) => square + v * v, 0));
    }
    first += samples.count;
  }
  return sum / data.samples;
}
