/** What an engine is given: inputs in its own precision, beside those as they came of the samples that it cannot hold. */
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
  /** By their places, the inputs as given of the samples that the engine's precision cannot hold. */
  readonly originals: ReadonlyMap<number, Float64Array>;
  readonly changed: Rounding;
}

/** For an engine of f64. */
export function asGiven(inputs: Float64Array): GivenInputs {
  return { inputs, originals: new Map(), changed: UNROUNDED };
}

/**
 * Inputs in f32; a sample with a number that f32 cannot hold is kept as it was given, and its rounding does not count.
 * @param counts whether the rounding of the sample at this place counts: that of an input given twice does once.
 */
export function roundInputs(
  given: Float64Array,
  samples: number,
  counts: (at: number) => boolean = () => true,
): GivenInputs {
  const width = given.length / samples;
  const inputs = new Float64Array(given.length);
  const originals = new Map<number, Float64Array>();
  let changed = UNROUNDED;
  for (let at = 0; at < samples; at++) {
    const own = given.subarray(at * width, (at + 1) * width);
    const { rounded, rounding, beyond } = roundedToF32(own);
    inputs.set(rounded, at * width);
    if (beyond >= 0) originals.set(at, own.slice());
    else if (counts(at)) changed = joinRounding(changed, rounding);
  }
  return { inputs, originals, changed };
}

/** One sample of a batch as a batch of its own, its inputs as they were given. */
export function ownBatch({ batch, originals }: GivenBatch, at: number): Batch {
  const width = batch.inputs.length / batch.samples;
  return {
    first: batch.first + at,
    samples: 1,
    inputs: originals.get(at) ?? batch.inputs.slice(at * width, (at + 1) * width),
    labels: batch.labels === null ? null : batch.labels.slice(at, at + 1),
  };
}
