/** Random inputs by address: sample i of a run is a function of (seed, i) alone. */
import { fillNormals } from "./normal.ts";
import { fillWords, uniformSigned, wordBlocks, wordsAt } from "./philox.ts";
import { INPUT_STREAM, LABEL_STREAM } from "./streams.ts";

export const DISTRIBUTIONS = ["normal", "uniform", "sphere"] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

export interface InputDistribution {
  /** normal: σ = scale; uniform: on [−scale, scale); sphere: radius scale. */
  readonly distribution: Distribution;
  readonly scale: number;
  readonly seed: number;
}

/** Samples first … first + count − 1, count × width, row-major. @param result receives them. */
export function fillInputs(
  settings: InputDistribution,
  first: number,
  count: number,
  width: number,
  result = new Float64Array(count * width),
): Float64Array {
  const { distribution, scale, seed } = settings;
  const words = wordBlocks(distribution === "uniform" ? width : 2 * width);
  for (let i = 0; i < count; i++) {
    const row = result.subarray(i * width, (i + 1) * width);
    if (distribution === "uniform") {
      fillWords(seed, INPUT_STREAM, first + i, words);
      for (let k = 0; k < width; k++) row[k] = scale * uniformSigned(words[k] as number);
    } else {
      fillNormals(seed, INPUT_STREAM, first + i, words, row);
      const factor = distribution === "normal" ? scale : scale / Math.sqrt(squaredLength(row));
      for (let k = 0; k < width; k++) row[k] = factor * (row[k] as number);
    }
  }
  return result;
}

function squaredLength(row: Float64Array): number {
  let square = 0;
  for (const v of row) square += v * v;
  return square;
}

/** Random labels 0 … classes − 1 for samples first … first + count − 1. */
export function fillLabels(seed: number, first: number, count: number, classes: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) =>
    Math.floor(((wordsAt(seed, LABEL_STREAM, first + i, 1)[0] as number) * classes) / 2 ** 32),
  );
}
