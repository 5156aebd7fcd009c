/** What a conformance run says of an adapter and its driver: plain data, written as JSON under schemas/conformance.schema.json. */
import type { EngineDescription } from "../engine/engine.ts";
import type { Maybe, VerdictCounts } from "../pipeline/results.ts";

/** A case that did not come out right, with what it takes to repeat it. */
export interface ConformanceFailure {
  /** "kernel:137" or "network:12": what `--case` takes, beside the run's seed. */
  readonly case: string;
  /** Shape, numbers, activation … of the case. */
  readonly name: string;
  /** How it was run. */
  readonly mode: string;
  /** The first number that is wrong, and its bound. */
  readonly detail: string;
}

/** One kernel over all its cases. */
export interface KernelConformance {
  readonly kernel: string;
  readonly cases: number;
  /** Numbers held against a bound, over all cases and modes. */
  readonly compared: number;
  /** The largest error over its bound, null where a number was not finite; above 1 is a failure. */
  readonly worst: Maybe;
  readonly worstCase: string | null;
  readonly failed: number;
  /** The first of each mode. */
  readonly failures: readonly ConformanceFailure[];
  readonly elapsedMs: number;
}

/** Random networks through the whole engine, every sample audited and its intervals proven again in f64. */
export interface EngineConformance {
  readonly networks: number;
  readonly samples: number;
  readonly verdicts: VerdictCounts;
  /** The largest residual of the cut test over its bound. */
  readonly worst: Maybe;
  readonly worstCase: string | null;
  readonly failed: number;
  readonly failures: readonly ConformanceFailure[];
  readonly elapsedMs: number;
}

export interface Conformance {
  readonly kernels: readonly KernelConformance[];
  readonly engine: EngineConformance;
}

export interface ConformanceReport extends Conformance {
  readonly schema: "gradient-penalty-conformance/1";
  readonly tool: { readonly name: string; readonly version: string };
  readonly adapter: EngineDescription;
  readonly run: {
    readonly seed: number;
    readonly minutes: number;
    readonly devices: number;
    /** The one case that was asked for, or null. */
    readonly case: string | null;
    /** The planted fault, or null. */
    readonly plant: string | null;
  };
  /** unfinished: interrupted, or the device failed, before every systematic case had run. */
  readonly verdict: "conforms" | "fails" | "unfinished";
  /** What the device itself failed of, or null. */
  readonly deviceFailure: string | null;
  readonly timing: { readonly elapsedMs: number; readonly interrupted: boolean; readonly startedAt: string };
}
