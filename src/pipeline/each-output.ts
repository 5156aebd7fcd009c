/**
 * The head each-logit: f = h_k of every output k of each sample in turn. Sample s of the source becomes K = n_{l+1} samples of the run,
 * number sK + k for output k, with the same input and k for a label.
 *
 * What they say together, over the S samples of which every output is valid:
 *
 *     geometric complexity     (1/S) Σ_s ‖∂h/∂x‖_F² = (1/S) Σ_s Σ_k ‖∇ₓh_k‖²          (Dherin, Munn, Barrett, arXiv 2111.15090)
 *     Dirichlet energy of h_k  (1/S) Σ_s ‖∇ₓh_k‖²
 *
 * the first the sum of the others; the report's input penalty, the Dirichlet energy of f, is their mean.
 */
import type { EachOutput } from "../records/report.ts";
import type { SampleRow } from "../records/sample.ts";
import { CODE } from "../verification/verdict.ts";
import type { SettledBlock } from "./block.ts";
import { verdictAt } from "./row.ts";
import type { SampleSource } from "./source.ts";

/** Every output of every sample of the source. */
export function everyOutput(source: SampleSource, outputs: number): SampleSource {
  const { width, again, drawnAgain = null } = source;
  return {
    samples: source.samples * outputs,
    width,
    read(first, count) {
      const [from, to] = [Math.floor(first / outputs), Math.ceil((first + count) / outputs)];
      const own = source.read(from, to - from).inputs;
      const inputs = new Float64Array(count * width);
      const labels = new Int32Array(count);
      for (let i = 0; i < count; i++) {
        const [sample, output] = placeOf(first + i, outputs);
        inputs.set(own.subarray((sample - from) * width, (sample - from + 1) * width), i * width);
        labels[i] = output;
      }
      return { inputs, labels };
    },
    drawnAgain: drawnAgain === null ? null : (index, row) => drawnAgain(placeOf(index, outputs)[0], row, null),
    again:
      (again ?? null) === null
        ? null
        : (index) => {
            const [sample, output] = placeOf(index, outputs);
            const own = again?.(sample) ?? null;
            return own === null ? null : { inputs: own.inputs, labels: Int32Array.of(output) };
          },
  };
}

/** Sample and output of a number of the run. */
function placeOf(index: number, outputs: number): readonly [sample: number, output: number] {
  return [Math.floor(index / outputs), index % outputs];
}

/** A row with the sample and the output that it is of. */
export function withOutput(row: SampleRow, outputs: number): SampleRow {
  const { index, ...rest } = row;
  const [sample, output] = placeOf(index, outputs);
  return { index, sample, output, ...rest };
}

export interface OutputStatistics {
  /** Blocks in index order. */
  readonly add: (block: SettledBlock) => void;
  readonly result: () => EachOutput;
}

export function createOutputStatistics(outputs: number): OutputStatistics {
  const energies = new Float64Array(outputs);
  /** ‖∇ₓh_k‖² of the sample that is being gathered; how many of its outputs have come, and whether all are valid. */
  const own = new Float64Array(outputs);
  let [gathered, isValid] = [0, true];
  let [samples, complete] = [0, 0];
  let worst: EachOutput["worst"] = null;
  const finish = (): void => {
    samples++;
    if (isValid) {
      complete++;
      own.forEach((v, k) => (energies[k] = (energies[k] as number) + v));
    }
    [gathered, isValid] = [0, true];
  };
  return {
    add(block) {
      const { inputGradientNorm, ratio } = block.numbers;
      for (let at = 0; at < block.samples; at++) {
        const index = block.first + at;
        const [sample, output] = placeOf(index, outputs);
        const code = block.verdict[at] as number;
        if (code === CODE.invalid) isValid = false;
        own[output] = (inputGradientNorm[at] as number) ** 2;
        if (++gathered === outputs) finish();
        const found = ratio[at] as number;
        const isViolated = code === CODE.violated;
        if (code === CODE.invalid || (Number.isNaN(found) && !isViolated)) continue;
        const wasViolated = worst?.verdict === "violated";
        if (
          worst === null ||
          (isViolated && !wasViolated) ||
          (isViolated === wasViolated && found > (worst.ratio ?? 0))
        ) {
          worst = {
            sample,
            output,
            index,
            verdict: verdictAt(block, at).kind,
            ratio: Number.isNaN(found) ? null : found,
          };
        }
      }
    },
    result: () => ({
      outputs,
      samples,
      complete,
      geometricComplexity: complete > 0 ? energies.reduce((sum, v) => sum + v, 0) / complete : null,
      dirichletEnergies: Array.from(energies, (v) => (complete > 0 ? v / complete : null)),
      worst,
      ...(complete > 0 ? {} : { reason: "no sample of which every output is valid" }),
    }),
  };
}
