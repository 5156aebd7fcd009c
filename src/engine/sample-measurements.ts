/** Measurements sample by sample. */
import type { DirectionMeasurement, Measurements, WitnessMeasurement } from "./engine.ts";

/** The measurements of one sample of a block, as a block of its own. */
export function sampleMeasurements(m: Measurements, at: number): Measurements {
  const one = (values: Float64Array): Float64Array => values.slice(at, at + 1);
  const each = (list: readonly Float64Array[]): Float64Array[] => list.map(one);
  const direction = (d: DirectionMeasurement): DirectionMeasurement => ({
    tangentNorm: each(d.tangentNorm),
    products: each(d.products),
  });
  return {
    samples: 1,
    arithmetic: m.arithmetic,
    finite: m.finite.slice(at, at + 1),
    value: one(m.value),
    topExponent: m.topExponent.slice(at, at + 1),
    hiddenNorm: each(m.hiddenNorm),
    slopeMax: each(m.slopeMax),
    kinkDistance: each(m.kinkDistance),
    adjointNorm: each(m.adjointNorm),
    pullbackNorm: each(m.pullbackNorm),
    directions: [direction(m.directions[0]), direction(m.directions[1])],
    witnesses: m.witnesses.map((w) =>
      w === null
        ? null
        : {
            vectorNorm: one(w.vectorNorm),
            pullbackNorm: one(w.pullbackNorm),
            stageNorm: each(w.stageNorm),
            steps: w.steps.slice(at, at + 1),
            ...(w.iterateNorm === undefined ? {} : { iterateNorm: each(w.iterateNorm) }),
            ...(w.error === undefined ? {} : { error: one(w.error) }),
          },
    ),
    explicit: m.explicit.map((e) =>
      e === null
        ? null
        : {
            frobenius: one(e.frobenius),
            spectralLower: one(e.spectralLower),
            spectralUpper: one(e.spectralUpper),
            stageNorm: each(e.stageNorm),
          },
    ),
  };
}

/** A witness that overflowed is none: its norms become 0; the sample itself is none the worse for it. */
export function dropUnusable({ vectorNorm, pullbackNorm, stageNorm }: WitnessMeasurement): void {
  const all = [vectorNorm, pullbackNorm, ...stageNorm];
  for (const norms of all) {
    for (let sample = 0; sample < norms.length; sample++) {
      const own = norms[sample] as number;
      // Infinite or NaN.
      if (own - own !== 0) for (const each of all) each[sample] = 0;
    }
  }
}
