/**
 * Report → JSON text, the same bytes for the same report.
 *
 * Keys stand in the order of schemas/report.schema.json; keys of open records (settings, bounds, timing details) and the
 * faults are sorted, so that nothing depends on which sample came first. A number that is not finite becomes null and
 * its object gets `reason`, unless it has one.
 */
import type { Report, TightenReport } from "../records/report.ts";
import { TIGHTEN_REPORT } from "../records/report.ts";
import type { SweepReport } from "../records/sweep.ts";
import { SWEEP_REPORT } from "../records/sweep.ts";
import type { TrainingReport } from "../records/training.ts";

type AnyReport = Report | TightenReport | SweepReport;
/** The report as indented JSON with a final newline. */
export function reportJson(report: AnyReport): string {
  return `${JSON.stringify(reportValue(report), null, 2)}\n`;
}

/** Any record as indented JSON with a final newline, in the order of its own keys. */
export function plainJson(record: object): string {
  return `${JSON.stringify(withFiniteNumbers(record), null, 2)}\n`;
}

/** A training's report as indented JSON with a final newline. */
export function trainingJson(report: TrainingReport): string {
  const { run, timing } = report;
  const ordered = {
    ...report,
    run: { ...run, settings: sortedKeys(run.settings) },
    timing: { ...timing, details: sortedKeys(timing.details) },
  };
  return `${JSON.stringify(withFiniteNumbers(ordered), null, 2)}\n`;
}

/** The report as a JSON value: finite numbers only, keys in their order. */
export function reportValue(report: AnyReport): object {
  const { entries } = "architectures" in report ? SWEEP_REPORT : TIGHTEN_REPORT;
  const ordered: Readonly<Record<string, unknown>> = {
    ...report,
    run: { ...report.run, settings: sortedKeys(report.run.settings) },
    bounds: sortedKeys(report.bounds),
    faults: [...report.faults].sort((a, b) => b.count - a.count || a.layer - b.layer || compareText(a.check, b.check)),
    timing: { ...report.timing, details: sortedKeys(report.timing.details) },
  };
  const present = Object.keys(entries).filter((key) => ordered[key] !== undefined);
  return Object.fromEntries(present.map((key) => [key, withFiniteNumbers(ordered[key])]));
}

/**
 * The same value with null for every number that is not finite. An object that held one, in itself or in an array of
 * its own, says in `reason` which fields they were.
 */
export function withFiniteNumbers(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.every(isAsItIs) ? value : value.map(withFiniteNumbers);
  // Nearly every row is as it is.
  if (Object.values(value).every(isAsItIs)) return value;
  const lost: string[] = [];
  const entries: [string, unknown][] = [];
  for (const [key, field] of Object.entries(value)) {
    if (field === undefined) continue;
    if (typeof field === "number" && !Number.isFinite(field)) lost.push(`${key} is ${String(field)}`);
    entries.push([key, withFiniteNumbers(field)]);
  }
  if (lost.length > 0 && !("reason" in value)) entries.push(["reason", lost.join(", ")]);
  return Object.fromEntries(entries);
}

/** Whether `withFiniteNumbers` has nothing to change. */
function isAsItIs(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return value !== undefined;
  if (Array.isArray(value)) return value.every(isAsItIs);
  for (const key in value) if (!isAsItIs((value as Readonly<Record<string, unknown>>)[key])) return false;
  return true;
}

function sortedKeys<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => compareText(a, b)));
}

/** By code units: the same everywhere, whatever the locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
