/** What an engine is given: inputs in its own precision, beside those as they came of the samples that it cannot hold. */
import { inputAt, sharing } from "../engine/each-output.ts";
import type { Batch } from "../engine/engine.ts";
import type { Rounding } from "../engine/f32.ts";
import { joinRounding, roundedToF32, UNROUNDED } from "../engine/f32.ts";

/** A batch as it was given to the engine, and by their places the inputs of samples that its precision cannot hold. */
export interface GivenBatch {
  readonly batch: Batch;
  readonly originals: ReadonlyMap<number, Float64Array>;
}

/** Inputs as an engine gets them, and what rounding changed. */
export interface GivenInputs {
  readonly inputs: Float64Array;
  /** By their rows, the inputs as given that the engine's precision cannot hold. */
  readonly originals: ReadonlyMap<number, Float64Array>;
  readonly changed: Rounding;
}

/** For an engine of f64. */
export function asGiven(inputs: Float64Array): GivenInputs {
  return { inputs, originals: new Map(), changed: UNROUNDED };
}

/** Inputs in f32; one with a number that f32 cannot hold is kept as it was given, and its rounding does not count. */
export function roundInputs(given: Float64Array, rows: number): GivenInputs {
  const width = given.length / rows;
  const inputs = new Float64Array(given.length);
  const originals = new Map<number, Float64Array>();
  let changed = UNROUNDED;
  for (let at = 0; at < rows; at++) {
    const own = given.subarray(at * width, (at + 1) * width);
    const { rounded, rounding, beyond } = roundedToF32(own);
    inputs.set(rounded, at * width);
    if (beyond >= 0) originals.set(at, own.slice());
    else changed = joinRounding(changed, rounding);
  }
  return { inputs, originals, changed };
}

/** A batch with what was kept of its inputs, by the places of the samples that are of them. */
export function givenBatch(batch: Batch, originals: GivenInputs["originals"]): GivenBatch {
  const outputs = sharing(batch);
  if (outputs === 1) return { batch, originals };
  const places = [...originals].flatMap(([row, own]) =>
    Array.from({ length: outputs }, (_, k) => [row * outputs + k, own] as const),
  );
  return { batch, originals: new Map(places) };
}

/** One sample of a batch as a batch of its own, its inputs as they were given. */
export function ownBatch({ batch, originals }: GivenBatch, at: number): Batch {
  return {
    first: batch.first + at,
    samples: 1,
    inputs: originals.get(at) ?? inputAt(batch, at),
    labels: batch.labels === null ? null : batch.labels.slice(at, at + 1),
  };
}
