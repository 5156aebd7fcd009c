/** What one audit looks at. */
import type { Arithmetic, Measurements, TracedSample } from "../../engine/engine.ts";
import type { Interval } from "../../engine/interval.ts";
import type { Plan } from "../../engine/plan.ts";
import type { LayerFinding } from "../findings.ts";
import type { KinkBounds } from "../kinks.ts";
import type { LayerBounds } from "../rounding.ts";
import type { Prepared } from "./prepared.ts";
import type { StoredNorms } from "./stored-norms.ts";

export interface AuditSubject {
  readonly plan: Plan;
  /** What the audit made of the plan. */
  readonly prepared: Prepared;
  readonly layers: readonly LayerBounds[];
  readonly arithmetic: Arithmetic;
  /** Of the sample in the run. */
  readonly index: number;
  /** x as it was given to the engine, n_1. */
  readonly input: Float64Array;
  /** −1 for none. */
  readonly label: number;
  /** Everything that the engine stored of it. */
  readonly traced: TracedSample;
  /** What the engine measured of it, and its place there. */
  readonly measurements: Measurements;
  readonly at: number;
  /** U(J_t), scaled and spectral, as the verdicts used it. */
  readonly jacobianUpper: readonly number[];
  /** What the forward errors beside a kink need, as the verdicts used it. */
  readonly kinks: readonly KinkBounds[];
}

/** With what several checks ask of its stored vectors. */
export interface MeasuredSubject extends AuditSubject {
  readonly norms: StoredNorms;
}

/** What the sample's row was made of besides the measurements: copied there, so that the audit compares bit by bit. */
export interface Judged {
  /** The proven brackets, t = 1 … l. */
  readonly findings: readonly LayerFinding[];
  /** The total's, √ratio. */
  readonly total: Interval;
  /** Whether the row's numbers are near the formulas'; where not, its ratio has no proven ends. */
  readonly vouched: boolean;
  /** ‖J_t‖ as an f64 witness gives it; null: the engine's own. Under the spectral norm alone a row has it. */
  readonly estimates: readonly (NormEstimate | null)[];
}

/** ‖J_t‖, scaled, and the iteration's estimate of its relative error; NaN where none was asked for. */
export interface NormEstimate {
  readonly norm: number;
  readonly error: number;
}
