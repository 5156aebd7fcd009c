/** Measurements of consecutive blocks, joined into those of the batch. */
import type { DirectionMeasurement, ExplicitMeasurement, Measurements, WitnessMeasurement } from "../engine.ts";

type Arrays = readonly Float64Array[];

export function mergeMeasurements(parts: readonly Measurements[]): Measurements {
  const first = parts[0];
  if (first === undefined) throw new RangeError("a batch of no samples");
  if (parts.length === 1) return first;
  const one = (pick: (m: Measurements) => Float64Array): Float64Array => joinFloats(parts.map(pick));
  const many = (pick: (m: Measurements) => Arrays): Float64Array[] => joinEach(parts.map(pick));
  return {
    samples: parts.reduce((sum, m) => sum + m.samples, 0),
    arithmetic: first.arithmetic,
    finite: joined(
      parts.map((m) => m.finite),
      (n) => new Uint8Array(n),
    ),
    value: one((m) => m.value),
    topExponent: joined(
      parts.map((m) => m.topExponent),
      (n) => new Int32Array(n),
    ),
    hiddenNorm: many((m) => m.hiddenNorm),
    slopeMax: many((m) => m.slopeMax),
    kinkDistance: many((m) => m.kinkDistance),
    adjointNorm: many((m) => m.adjointNorm),
    pullbackNorm: many((m) => m.pullbackNorm),
    directions: [joinDirections(parts.map((m) => m.directions[0])), joinDirections(parts.map((m) => m.directions[1]))],
    witnesses: first.witnesses.map((_, i) => joinWitnesses(parts.map((m) => m.witnesses[i] ?? null))),
    explicit: first.explicit.map((_, i) => joinExplicit(parts.map((m) => m.explicit[i] ?? null))),
  };
}

function joinFloats(parts: Arrays): Float64Array {
  return joined(parts, (n) => new Float64Array(n));
}

/** One array behind the other, in one that `make` gives. */
function joined<T extends Float64Array | Int32Array | Uint8Array>(parts: readonly T[], make: (length: number) => T): T {
  const result = make(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}

/** Joins entry i of every part with entry i of the others. */
function joinEach(parts: readonly Arrays[]): Float64Array[] {
  return (parts[0] ?? []).map((_, i) => joinFloats(parts.map((p) => p[i] as Float64Array)));
}

function joinDirections(parts: readonly DirectionMeasurement[]): DirectionMeasurement {
  return {
    tangentNorm: joinEach(parts.map((p) => p.tangentNorm)),
    products: joinEach(parts.map((p) => p.products)),
  };
}

function joinWitnesses(parts: readonly (WitnessMeasurement | null)[]): WitnessMeasurement | null {
  const all = parts.filter((p) => p !== null);
  if (all.length === 0) return null;
  return {
    vectorNorm: joinFloats(all.map((p) => p.vectorNorm)),
    pullbackNorm: joinFloats(all.map((p) => p.pullbackNorm)),
    stageNorm: joinEach(all.map((p) => p.stageNorm)),
    steps: joined(
      all.map((p) => p.steps),
      (n) => new Int32Array(n),
    ),
    ...(all[0]?.error === undefined ? {} : { error: joinFloats(all.map((p) => p.error as Float64Array)) }),
  };
}

function joinExplicit(parts: readonly (ExplicitMeasurement | null)[]): ExplicitMeasurement | null {
  const all = parts.filter((p) => p !== null);
  if (all.length === 0) return null;
  return {
    frobenius: joinFloats(all.map((p) => p.frobenius)),
    spectralLower: joinFloats(all.map((p) => p.spectralLower)),
    spectralUpper: joinFloats(all.map((p) => p.spectralUpper)),
    stageNorm: joinEach(all.map((p) => p.stageNorm)),
  };
}
