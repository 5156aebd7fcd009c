/** Measurements of consecutive blocks, joined into those of the batch. */
import { partOf } from "../each-output.ts";
import type {
  Batch,
  DirectionMeasurement,
  ExplicitMeasurement,
  Measurements,
  ProvenNorms,
  Wanted,
  WitnessMeasurement,
} from "../engine.ts";
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

/** Proven intervals of blocks, one block after the other. */
function joinNorms(blocks: readonly (readonly (ProvenNorms | null)[])[]): (ProvenNorms | null)[] {
  const joined = (parts: readonly Float64Array[]): Float64Array => {
    const whole = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  };
  return (blocks[0] ?? []).map((_, i) => {
    const own = blocks.map((block) => block[i] ?? null);
    if (!own.every((norms) => norms !== null)) return null;
    return { lower: joined(own.map(({ lower }) => lower)), upper: joined(own.map(({ upper }) => upper)) };
  });
}

/** The same of blocks of `part` samples each, by what proves a block's own. */
export async function proveInParts<B>(
  wanted: readonly (Wanted | null)[],
  part: number,
  blocks: readonly B[],
  prove: (block: B, wanted: (Wanted | null)[]) => Promise<(ProvenNorms | null)[]>,
): Promise<(ProvenNorms | null)[]> {
  const shareOf = (k: number): (Wanted | null)[] =>
    wanted.map((own) => own && { ...own, lower: own.lower.slice(k * part, (k + 1) * part) });
  return joinNorms(await Promise.all(blocks.map((block, k) => prove(block, shareOf(k)))));
}

/** Blocks of `part` samples. */
export function splitBatch(batch: Batch, part: number): Batch[] {
  return Array.from({ length: Math.ceil(batch.samples / part) }, (_, i) =>
    partOf(batch, i * part, Math.min(batch.samples, (i + 1) * part)),
  );
}
