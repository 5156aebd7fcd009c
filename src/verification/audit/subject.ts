/** What one audit looks at. */
import type { Arithmetic, Measurements, TracedSample } from "../../engine/engine.ts";
import { IEEE_F64 } from "../../engine/engine.ts";
import type { Plan } from "../../engine/plan.ts";
import type { LayerBounds } from "../rounding.ts";

export interface AuditSubject {
  readonly plan: Plan;
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
}

/** The audit's own arithmetic. */
export const HOST: Arithmetic = IEEE_F64;
