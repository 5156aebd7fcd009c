/** Measurements of consecutive blocks, joined into those of the batch. */
import type { DirectionMeasurement, ExplicitMeasurement, Measurements, WitnessMeasurement } from "../engine.ts";
import { NO_POOL } from "../memory.ts";
import { columnsOf } from "./column-pool.ts";

type Arrays = readonly Float64Array[];
/** A new array of a number a sample. */
type Make = () => Float64Array;

/** @param take where the columns' memory comes from. */
export function mergeMeasurements(parts: readonly Measurements[], take = NO_POOL.take): Measurements {
  const first = parts[0];
  if (first === undefined) throw new RangeError("a batch of no samples");
  if (parts.length === 1) return first;
  const samples = parts.reduce((sum, m) => sum + m.samples, 0);
  const make = columnsOf(samples, take);
  const one = (pick: (m: Measurements) => Float64Array): Float64Array => joined(parts.map(pick), make());
  const many = (pick: (m: Measurements) => Arrays): Float64Array[] => joinEach(parts.map(pick), make);
  return {
    samples,
    arithmetic: first.arithmetic,
    finite: joined(
      parts.map((m) => m.finite),
      new Uint8Array(samples),
    ),
    value: one((m) => m.value),
    topExponent: joined(
      parts.map((m) => m.topExponent),
      new Int32Array(samples),
    ),
    hiddenNorm: many((m) => m.hiddenNorm),
    slopeMax: many((m) => m.slopeMax),
    kinkDistance: many((m) => m.kinkDistance),
    adjointNorm: many((m) => m.adjointNorm),
    pullbackNorm: many((m) => m.pullbackNorm),
    directions: [
      joinDirections(
        parts.map((m) => m.directions[0]),
        make,
      ),
      joinDirections(
        parts.map((m) => m.directions[1]),
        make,
      ),
    ],
    witnesses: first.witnesses.map((_, i) =>
      joinWitnesses(
        parts.map((m) => m.witnesses[i] ?? null),
        make,
      ),
    ),
    explicit: first.explicit.map((_, i) =>
      joinExplicit(
        parts.map((m) => m.explicit[i] ?? null),
        make,
      ),
    ),
  };
}

/** One array behind the other. @param into of their length. */
function joined<T extends Float64Array | Int32Array | Uint8Array>(parts: readonly T[], into: T): T {
  let at = 0;
  for (const part of parts) {
    into.set(part, at);
    at += part.length;
  }
  return into;
}

/** Joins entry i of every part with entry i of the others. */
function joinEach(parts: readonly Arrays[], make: Make): Float64Array[] {
  return (parts[0] ?? []).map((_, i) =>
    joined(
      parts.map((p) => p[i] as Float64Array),
      make(),
    ),
  );
}

function joinDirections(parts: readonly DirectionMeasurement[], make: Make): DirectionMeasurement {
  return {
    tangentNorm: joinEach(
      parts.map((p) => p.tangentNorm),
      make,
    ),
    products: joinEach(
      parts.map((p) => p.products),
      make,
    ),
  };
}

/** Parts are all null or none is. */
function joinWitnesses(parts: readonly (WitnessMeasurement | null)[], make: Make): WitnessMeasurement | null {
  const all = parts.filter((p) => p !== null);
  if (all.length === 0) return null;
  const one = (pick: (w: WitnessMeasurement) => Float64Array): Float64Array => joined(all.map(pick), make());
  return {
    vectorNorm: one((p) => p.vectorNorm),
    pullbackNorm: one((p) => p.pullbackNorm),
    stageNorm: joinEach(
      all.map((p) => p.stageNorm),
      make,
    ),
    steps: joined(
      all.map((p) => p.steps),
      new Int32Array(all.reduce((sum, { steps }) => sum + steps.length, 0)),
    ),
    ...(all[0]?.error === undefined ? {} : { error: one((p) => p.error as Float64Array) }),
  };
}

function joinExplicit(parts: readonly (ExplicitMeasurement | null)[], make: Make): ExplicitMeasurement | null {
  const all = parts.filter((p) => p !== null);
  if (all.length === 0) return null;
  const one = (pick: (e: ExplicitMeasurement) => Float64Array): Float64Array => joined(all.map(pick), make());
  return {
    frobenius: one((p) => p.frobenius),
    spectralLower: one((p) => p.spectralLower),
    spectralUpper: one((p) => p.spectralUpper),
    stageNorm: joinEach(
      all.map((p) => p.stageNorm),
      make,
    ),
  };
}
