/**
 * A witness: one sample with everything that its verdict was made of, so that the verdict can be examined again without the engine that
 * gave it. Written as gradient-penalty-witness/1 (file.ts); made by pipeline/settle.ts, read by replay.ts and shrink.ts.
 */
import { inputIndex } from "../engine/each-output.ts";
import type { EngineDescription, Measurements, TracedSample } from "../engine/engine.ts";
import type { Interval } from "../engine/interval.ts";
import type { NormMethod } from "../engine/krylov.ts";
import type { CaughtSample } from "../pipeline/catch.ts";
import type { SampleRow } from "../records/sample.ts";
import type { Head } from "../network/heads.ts";
import type { Network } from "../network/network.ts";

export interface WitnessSettings {
  readonly norm: "spectral" | "frobenius";
  readonly accuracy: number | "verdict";
  /** Lanczos where left out. */
  readonly normMethod?: NormMethod;
  readonly certify: number | null;
  readonly seed: number;
  /** The planted fault, where one was switched on. */
  readonly plant: string | null;
}

/** The proven brackets of ‖W_t‖ that the run used, of the scaled weights. */
export interface PlannedNorms {
  readonly spectral: Interval;
  readonly frobenius: Interval;
}

export interface Witness {
  readonly tool: { readonly name: string; readonly version: string };
  readonly engine: EngineDescription;
  readonly settings: WitnessSettings;
  /** SEED:STREAM:INDEX of a sweep's case; null where the network came from a file. */
  readonly address: string | null;
  /** Of the sample in its run: the address of its random direction and start. */
  readonly index: number;
  /** As the engine took it: rounded to its precision. */
  readonly network: Network;
  readonly head: Head;
  readonly input: Float64Array;
  /** −1 for none. */
  readonly label: number;
  /** What was said of the sample, its verdict, check and layer among it. */
  readonly row: SampleRow;
  readonly norms: readonly PlannedNorms[];
  readonly stored: TracedSample;
  readonly measurements: Measurements;
}

export interface WitnessOrigin {
  readonly tool: Witness["tool"];
  readonly engine: EngineDescription;
  readonly settings: WitnessSettings;
  readonly address: string | null;
}

export function makeWitness(caught: CaughtSample, origin: WitnessOrigin): Witness {
  const { plan, row, input, label, traced, measurements } = caught;
  return {
    ...origin,
    // A sample that overflowed in f32 was measured wholly in f64: that is what its witness holds.
    engine: { ...origin.engine, precision: plan.precision },
    index: inputIndex(plan, row.index),
    network: plan.network,
    head: headOfSample(plan.head, row.index, label),
    input,
    label,
    row,
    norms: plan.layers.map(({ spectralNorm, frobeniusNorm }) => ({ spectral: spectralNorm, frobenius: frobeniusNorm })),
    stored: traced,
    measurements,
  };
}

/** The head with the one row of targets that is the sample's; of each-logit the sample's own output. */
function headOfSample(head: Head, index: number, label: number): Head {
  if (head.kind === "each-logit") return { kind: "logit", index: label };
  if (head.kind !== "squared-error" || head.rows === 1) return head;
  const width = head.targets.length / head.rows;
  return { ...head, rows: 1, targets: head.targets.slice(index * width, (index + 1) * width) };
}
