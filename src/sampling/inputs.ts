/** Random inputs by address: sample i of a run is a function of (seed, i) alone. */
import { normalsAt } from "./normal.ts";
import { uniformSigned, wordsAt } from "./philox.ts";
import { INPUT_STREAM, LABEL_STREAM } from "./streams.ts";

export const DISTRIBUTIONS = ["normal", "uniform", "sphere"] as const;
export type Distribution = (typeof DISTRIBUTIONS)[number];

export interface InputDistribution {
  /** normal: σ = scale; uniform: on [−scale, scale); sphere: radius scale. */
  readonly distribution: Distribution;
  readonly scale: number;
  readonly seed: number;
}

/** Samples first … first + count − 1, count × width, row-major. */
export function fillInputs(settings: InputDistribution, first: number, count: number, width: number): Float64Array {
  const result = new Float64Array(count * width);
  for (let i = 0; i < count; i++) result.set(inputAt(settings, first + i, width), i * width);
  return result;
}

function inputAt({ distribution, scale, seed }: InputDistribution, index: number, width: number): Float64Array {
  if (distribution === "uniform") {
    return Float64Array.from(wordsAt(seed, INPUT_STREAM, index, width), (word) => scale * uniformSigned(word));
  }
  const normals = normalsAt(seed, INPUT_STREAM, index, width);
  if (distribution === "normal") return normals.map((v) => scale * v);
  let square = 0;
  for (const v of normals) square += v * v;
  const factor = scale / Math.sqrt(square);
  return normals.map((v) => factor * v);
}

/** Random labels 0 … classes − 1 for samples first … first + count − 1. */
export function fillLabels(seed: number, first: number, count: number, classes: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) =>
    Math.floor(((wordsAt(seed, LABEL_STREAM, first + i, 1)[0] as number) * classes) / 2 ** 32),
  );
}
