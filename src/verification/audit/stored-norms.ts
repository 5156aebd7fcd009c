/** Lengths and largest entries of a sample's stored vectors, by the audit's own loops: what several checks ask for is made once a sample. */
import type { StoredWitness, TracedSample } from "../../engine/engine.ts";
import { euclidean, largestOf } from "./vectors.ts";

export interface WitnessNorms {
  readonly vector: number;
  readonly stages: readonly number[];
  readonly result: number;
}

/** Lists are of the layers t = 1 … l. */
export interface StoredNorms {
  readonly hidden: readonly number[];
  readonly adjoints: readonly number[];
  readonly pullbacks: readonly number[];
  readonly inputGradient: number;
  /** max|D|. */
  readonly slopes: readonly number[];
  /** Of both directions. */
  readonly tangents: readonly [readonly number[], readonly number[]];
  /** null: there is none, or it overflowed and is none: its sample does without (MATH.md §2, the screen). */
  readonly witnesses: readonly (WitnessNorms | null)[];
}

export function storedNorms({
  hidden,
  adjoints,
  pullbacks,
  inputGradient,
  slopes,
  directions,
  witnesses,
}: TracedSample): StoredNorms {
  return {
    hidden: hidden.slice(0, adjoints.length).map((x) => euclidean(x)),
    adjoints: adjoints.map((x) => euclidean(x)),
    pullbacks: pullbacks.map((x) => euclidean(x)),
    inputGradient: euclidean(inputGradient),
    slopes: slopes.map((x) => largestOf(x)),
    tangents: [directions[0].tangents.map((x) => euclidean(x)), directions[1].tangents.map((x) => euclidean(x))],
    witnesses: witnesses.map((witness) => (witness !== null && isUsable(witness) ? witnessNorms(witness) : null)),
  };
}

function witnessNorms({ vector, stages, result }: StoredWitness): WitnessNorms {
  return { vector: euclidean(vector), stages: stages.map((x) => euclidean(x)), result: euclidean(result) };
}

function isUsable({ vector, stages, result }: StoredWitness): boolean {
  return isFinite(vector) && isFinite(result) && stages.every(isFinite);
}

/** Whether every number is finite; x·0 is NaN for one that is not. */
function isFinite(x: Float64Array): boolean {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) * 0;
  return sum === 0;
}
