/** Lengths and largest entries of a sample's stored vectors, by the audit's own loops: what several checks ask for is made once a sample. */
import type { TracedSample } from "../../engine/engine.ts";
import { euclidean, largestOf } from "./vectors.ts";

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
}

export function storedNorms({
  hidden,
  adjoints,
  pullbacks,
  inputGradient,
  slopes,
  directions,
}: TracedSample): StoredNorms {
  return {
    hidden: hidden.slice(0, adjoints.length).map((x) => euclidean(x)),
    adjoints: adjoints.map((x) => euclidean(x)),
    pullbacks: pullbacks.map((x) => euclidean(x)),
    inputGradient: euclidean(inputGradient),
    slopes: slopes.map((x) => largestOf(x)),
    tangents: [directions[0].tangents.map((x) => euclidean(x)), directions[1].tangents.map((x) => euclidean(x))],
  };
}
