/** The values that every view of a run is made from; their field lists are in records/. */
export type { Json, Maybe, VerdictName } from "../records/kit.ts";
export { VERDICT_NAMES } from "../records/kit.ts";
export type {
  FaultExample,
  Report,
  ReportedFault,
  ReportedLayer,
  ReportedModelLayer,
  Timing,
} from "../records/report.ts";
export type { AuditResidual, LayerRow, SampleRow } from "../records/sample.ts";
export type { Bracket, Quantiles, Spread, VerdictCounts } from "../records/shared.ts";
